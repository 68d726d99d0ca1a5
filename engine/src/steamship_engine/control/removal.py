"""Deleting instances, and what stands above them: rows in the transaction, workers after it."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from sqlalchemy import Connection

from steamship_engine.control import audit, bundles
from steamship_engine.control.actor import Actor
from steamship_engine.control.ground import Ground
from steamship_engine.model.audit import AuditKind, Subject
from steamship_engine.model.errors import UnavailableError
from steamship_engine.model.nouns import Package, Version
from steamship_engine.store import instances, packages, versions


class Removal:
    """What one transaction of an actor's removes. `finish` after its commit: caches forget, workers stop."""

    def __init__(self, ground: Ground, actor: Actor) -> None:
        self._ground, self._actor = ground, actor
        self._gone: list[tuple[str, str]] = []
        self._bundles: list[str] = []

    def instance(self, connection: Connection, instance_id: str, handle: str | None = None) -> bool:
        """Remove an instance; False where it is gone already."""
        if not instances.delete(connection, instance_id):
            return False
        self._tell(connection, AuditKind.INSTANCE_REMOVED, Subject("instance", instance_id, handle))
        self._gone.append(("instance", instance_id))
        return True

    def version(self, connection: Connection, version: Version, owner_id: str) -> None:
        """Remove a version with its owner's instances, and its references to the bundle and the SDK.

        IntegrityError where somebody else has an instance of it.
        """
        for instance_id in instances.of_version(connection, version.id, owner_id):
            self.instance(connection, instance_id)
        versions.delete(connection, version.id)
        subject = Subject("version", version.id, version.handle)
        self._tell(connection, AuditKind.VERSION_REMOVED, subject, package=version.package_id)
        self._bundles.append(version.bundle)
        self._ground.blobs.release(connection, version.bundle)
        if version.sdk is not None:
            self._ground.blobs.release(connection, version.sdk)
        self._gone.append(("version", version.id))

    def package(self, connection: Connection, package: Package) -> None:
        """Remove a package with its versions."""
        for version in versions.of_package(connection, package.id):
            self.version(connection, version, package.user_id)
        packages.delete(connection, package.id)
        self._tell(connection, AuditKind.PACKAGE_REMOVED, Subject("package", package.id, package.handle))
        self._gone.append(("package", package.id))

    def finish(self) -> None:
        """Tell the caches, stop the workers and remove what they ran. Blocking."""
        for noun, noun_id in self._gone:
            self._ground.changes.report(noun, noun_id)
        for noun, noun_id in self._gone:
            if noun == "instance":
                with suppress(UnavailableError):  # an engine that is stopping ends every worker itself
                    self._ground.machine.stop(noun_id)
        bundles.forget_unneeded(self._ground, self._bundles)

    def _tell(self, connection: Connection, kind: AuditKind, subject: Subject, **detail: Any) -> None:
        audit.record(connection, kind, self._actor, subject, **detail)
