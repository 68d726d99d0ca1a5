"""Instances: finding them, and all that a call of one needs to know."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sqlalchemy import Connection

from steamship_engine.control import audit, limits, networks
from steamship_engine.control.actor import Actor, Reach
from steamship_engine.control.ground import Ground
from steamship_engine.control.removal import Removal
from steamship_engine.model.audit import Subject
from steamship_engine.model.config import redact
from steamship_engine.model.errors import ForbiddenError, InvalidRequestError, NotFoundError
from steamship_engine.model.handles import folded
from steamship_engine.model.nouns import Instance, Version, Workspace
from steamship_engine.model.package_spec import public_methods, timeouts
from steamship_engine.model.states import InitStatus
from steamship_engine.runtime.port import Bases, InstanceSpec, VersionSpec
from steamship_engine.store import instances, versions
from steamship_engine.store.instances import Placed
from steamship_engine.store.records import Origin
from steamship_engine.store.rows import Page, Paging


@dataclass(frozen=True)
class CallTarget:
    """An instance as its callers meet it: what the runtime needs, and what decides who may call what.

    `spec` holds decrypted secrets. `public_methods` are those that need no key, `timeouts` the seconds
    that a method's author allows it; both by (verb, path), the path with its leading slash.
    """

    spec: InstanceSpec
    owner_id: str
    owner_handle: str
    author_id: str
    package_id: str
    package_handle: str
    version_handle: str
    instance_handle: str
    init_status: InitStatus
    public_methods: frozenset[tuple[str, str]]
    timeouts: dict[tuple[str, str], float]
    secrets: dict[str, Any] = field(default_factory=dict, repr=False)

    @cached_property
    def origin(self) -> Origin:
        """What the records of its calls have in common."""
        return origin_of(self.spec, self.secrets)

    def redact(self, text: str) -> str:
        """`text` of the package's making without the values of the instance's secret parameters."""
        return redact(text, self.secrets)


def get(
    ground: Ground,
    actor: Actor,
    *,
    instance_id: str | None,
    handle: str | None,
    package_handle: str | None,
    current: Callable[[], Workspace],
) -> Placed:
    """An own instance by id, or by handle in the current workspace. NotFoundError for every other."""
    if not instance_id and not handle:
        raise InvalidRequestError(
            "The request names no instance.", suggestion="Send the instance's handle or its id."
        )
    workspace = None if instance_id else current()
    with ground.database.read() as connection:
        if workspace is not None and handle:
            placed = instances.by_handle(connection, workspace.id, handle)
        else:
            placed = instances.by_id(connection, instance_id or "")
        named = handle or instance_id or ""
        found = _reached(actor, placed, named)
    if package_handle and folded(package_handle) != folded(found.package_handle):
        raise instance_not_found(named)
    if handle and folded(handle) != folded(found.instance.handle):
        raise instance_not_found(named)
    return found


@dataclass(frozen=True)
class Filter:
    """Which instances a listing shows: all, or those of a package, a version or a workspace."""

    package_id: str | None = None
    version_id: str | None = None
    workspace_id: str | None = None


def listed(ground: Ground, actor: Actor, wanted: Filter, paging: Paging) -> Page[Placed]:
    """The actor's own instances, as far as its key reaches."""
    with ground.database.read() as connection:
        return instances.listed(
            connection,
            user_id=actor.user_id,
            workspace_id=wanted.workspace_id if actor.reach is Reach.USER else actor.workspace_id,
            package_id=wanted.package_id,
            version_id=wanted.version_id,
            instance_id=actor.instance_id if actor.reach is Reach.INSTANCE else None,
            paging=paging,
        )


def delete(ground: Ground, actor: Actor, instance_id: str) -> Placed:
    """Remove an own instance, whatever the current workspace is, and stop its worker."""
    if actor.reach is Reach.INSTANCE:
        raise ForbiddenError(
            "A key for one instance cannot delete it.",
            suggestion="Use a key for the workspace, or one of the user's own.",
        )
    removal = Removal(ground, actor)
    with ground.database.begin() as connection:
        placed = _reached(actor, instances.by_id(connection, instance_id), instance_id)
        if not removal.instance(connection, instance_id, placed.instance.handle):
            raise instance_not_found(instance_id)
    removal.finish()
    return placed


def _reached(actor: Actor, placed: Placed | None, named: str) -> Placed:
    """The instance, if it is the actor's own and within its key's reach."""
    if (
        placed is None
        or placed.instance.user_id != actor.user_id
        or not actor.reaches_workspace(placed.instance.workspace_id)
        or (actor.reach is Reach.INSTANCE and actor.instance_id != placed.instance.id)
    ):
        raise instance_not_found(named, None if placed is None else subject_of(placed))
    return placed


def subject_of(placed: Placed) -> Subject:
    """The instance, for the audit trail."""
    return Subject("instance", placed.instance.id, placed.instance.handle)


def call_target(
    ground: Ground,
    owner_handle: str | None,
    workspace_handle: str | None,
    instance_handle: str | None,
    instance_id: str | None,
) -> CallTarget:
    """What a call addresses. NotFoundError when nothing is there.

    Three handles are an address of their own. Where one is unknown, `instance_id` decides, and the
    handles that are known must be its.
    """
    with ground.database.read() as connection:
        placed = None
        if owner_handle and workspace_handle and instance_handle:
            placed = instances.by_address(connection, owner_handle, workspace_handle, instance_handle)
        elif instance_id:
            placed = instances.by_id(connection, instance_id)
            known = (owner_handle, workspace_handle, instance_handle)
            if placed is not None and not _agrees(placed, known):
                placed = None
        if placed is None:
            raise instance_not_found(instance_handle or instance_id or "")
        target = _target(ground, connection, placed)
    if target.secrets:
        audit.secrets_opened(ground, target)
    return target


def origin_of(spec: InstanceSpec, secrets: dict[str, Any]) -> Origin:
    """Whose a record about the instance is; `secrets` are the values of its secret parameters."""
    context = spec.context
    return Origin(
        user_id=context["userId"],
        workspace_id=spec.workspace_id,
        instance_id=spec.instance_id,
        package_handle=context["invocableHandle"],
        version_handle=context["invocableVersionHandle"],
        instance_handle=context["invocableInstanceHandle"],
        author_id=context["invocableOwnerId"],
        author_handle=context["invocableOwnerHandle"],
        secrets=secrets,
    )


def spec_of(ground: Ground, instance_id: str) -> CallTarget:
    """The call target of the instance with that id; NotFoundError when there is none."""
    return call_target(ground, None, None, None, instance_id)


def instance_not_found(name: str, hides: Subject | None = None) -> NotFoundError:
    """The answer for an instance that is not there, and for one that is not the caller's, which it `hides`."""
    return NotFoundError(
        f'There is no instance "{name[:200]}" here.',
        suggestion="Check the handles and the workspace; `ship instances` lists yours.",
        hides=hides,
    )


def _agrees(placed: Placed, known: tuple[str | None, str | None, str | None]) -> bool:
    handles = (placed.user_handle, placed.workspace_handle, placed.instance.handle)
    return all(
        given is None or folded(given) == folded(handle) for given, handle in zip(known, handles, strict=True)
    )


def _target(ground: Ground, connection: Connection, placed: Placed) -> CallTarget:
    instance = placed.instance
    version = versions.by_id(connection, instance.version_id)
    assert version is not None, "an instance outlived its version"
    secrets = secrets_of(ground, instance)
    addresses = networks.addresses_for(ground, networks.of_version(ground, version))
    return CallTarget(
        spec=InstanceSpec(
            instance_id=instance.id,
            workspace_id=instance.workspace_id,
            workspace_handle=placed.workspace_handle,
            version=_version_spec(ground, version, placed.author_handle),
            config={**instance.config, **secrets},
            context=_context(ground, placed),
            bases=Bases(api=addresses.api, app=addresses.app, web=addresses.web),
            secrets=tuple(secrets),
            owner=placed.user_handle,
        ),
        owner_id=instance.user_id,
        owner_handle=placed.user_handle,
        author_id=placed.author_id,
        package_id=instance.package_id,
        package_handle=placed.package_handle,
        version_handle=placed.version_handle,
        instance_handle=instance.handle,
        init_status=instance.init_status,
        public_methods=public_methods(version.spec),
        timeouts=timeouts(version.spec),
        secrets=secrets,
    )


def _version_spec(ground: Ground, version: Version, author: str) -> VersionSpec:
    return VersionSpec(
        version_id=version.id,
        bundle=version.bundle,
        environment=version.environment,
        kind=version.kind,
        limits=limits.of_version(ground, version),
        handler=version.hosting_handler,
        network=networks.of_version(ground, version),
        author=author,
    )


def _context(ground: Ground, placed: Placed) -> dict[str, str]:
    instance = placed.instance
    return {
        "tenantId": instance.user_id,
        "userId": instance.user_id,
        "workspaceId": instance.workspace_id,
        "workspaceHandle": placed.workspace_handle,
        "invocableType": "package",
        "invocableHandle": placed.package_handle,
        "invocableVersionHandle": placed.version_handle,
        "invocableInstanceHandle": instance.handle,
        "invocableOwnerId": placed.author_id,
        "invocableOwnerHandle": placed.author_handle,
        "invocableURL": invocation_url(ground, placed),
    }


def invocation_url(ground: Ground, placed: Placed) -> str:
    """Where the instance is called from outside: what its context tells, and users read on the wire."""
    return ground.addresses.invocation_url(
        placed.user_handle, placed.workspace_handle, placed.instance.handle
    )


def secrets_place(instance_id: str) -> str:
    """What an instance's sealed secrets are bound to."""
    return f"instances:{instance_id}:config"


def whole_config(ground: Ground, instance: Instance) -> dict[str, Any]:
    """The instance's config with its secrets, for the worker alone."""
    return {**instance.config, **secrets_of(ground, instance)}


def secrets_of(ground: Ground, instance: Instance) -> dict[str, Any]:
    """The secret part of the instance's config."""
    if instance.secret_config is None:
        return {}
    opened = ground.vault.open(instance.secret_config, secrets_place(instance.id))
    secrets: dict[str, Any] = json.loads(opened)
    return secrets
