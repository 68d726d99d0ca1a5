"""A machine that deploys nothing: it says about each bundle what the test told it to."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from steamship_engine.control import deploys, packages
from steamship_engine.control.actor import Actor
from steamship_engine.control.deploys import Bundle, Deploy
from steamship_engine.control.ground import Ground
from steamship_engine.control.versions import Shown
from steamship_engine.model.errors import SteamshipError
from steamship_engine.model.identifiers import new_id
from steamship_engine.model.nouns import Package
from steamship_engine.model.states import VersionKind
from steamship_engine.runtime.port import BundleFacts, Description, SdkWheel, VersionSpec, WorkerFacts

SPEC = {
    "name": "Greeter",
    "doc": None,
    "methods": [
        {"path": "/greet", "verb": "POST", "args": [], "config": {"timeout": 10}},
        {"path": "/hello", "verb": "GET", "args": [], "config": {"public": True}},
        {"path": "/__dir__", "verb": "GET", "args": [], "config": None},
    ],
}


@dataclass
class FakeMachine:
    """What the next bundles are. `problem` is raised by `prepare`; `stopped` are the ids it was told to stop,
    `discarded` the attempts at a version of which none came.

    `bundles` are the digests of those that lie unpacked, `living` the workers of instances by their id.
    """

    kind: VersionKind = VersionKind.NATIVE
    template: Any = field(default_factory=dict)
    spec: Any = field(default_factory=lambda: SPEC)
    schemas: Any = field(default_factory=lambda: {"config": {"type": "object"}})
    readme: str = "# Greeter"
    needs_init: bool = False
    manifest: dict[str, Any] | None = None
    problem: SteamshipError | None = None
    sdk: SdkWheel | None = None
    prepared: list[VersionSpec] = field(default_factory=list)
    discarded: list[str] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)
    bundles: list[str] = field(default_factory=list)
    living: dict[str, list[WorkerFacts]] = field(default_factory=dict)

    def inspect(self, bundle: Path, digest: str) -> BundleFacts:
        assert hashlib.sha256(bundle.read_bytes()).hexdigest() == digest
        if digest not in self.bundles:
            self.bundles.append(digest)
        return BundleFacts(
            digest=digest,
            kind=self.kind,
            kind_reason="the test says so",
            requirements=(),
            readme=self.readme,
            manifest=self.manifest,
        )

    def prepare(self, version: VersionSpec) -> Description:
        self.prepared.append(version)
        if self.problem is not None:
            raise self.problem
        return Description(
            environment="e" * 64,
            spec=self.spec,
            config_template=self.template,
            schemas=self.schemas,
            needs_init=self.needs_init,
            notes=("a remark",),
            sdk=self.sdk,
        )

    def discard(self, attempt: str) -> None:
        self.discarded.append(attempt)

    def stop(self, instance_id: str) -> None:
        self.stopped.append(instance_id)

    def restart(self, instance_id: str) -> int:
        return len(self.living.pop(instance_id, []))

    def workers(self, instance_id: str) -> list[WorkerFacts]:
        return list(self.living.get(instance_id, []))

    def unpacked(self) -> list[str]:
        return list(self.bundles)

    def forget(self, bundle: str) -> None:
        self.bundles.remove(bundle)


def on_fake_machine(ground: Ground) -> Ground:
    """The same ground with a fake machine on it."""
    return replace(ground, machine=FakeMachine())


def add_package(ground: Ground, actor: Actor, handle: str, *, public: bool = False) -> Package:
    """A package of the actor's, without a version."""
    return packages.create(
        ground, actor, packages.Wanted(handle=handle, is_public=public), fetch_if_exists=False
    )


def deploy(
    ground: Ground,
    actor: Actor,
    package: Package,
    handle: str | None = "1.0.0",
    *,
    content: bytes = b"a bundle",
    config_template: str | None = None,
    version_id: str | None = None,
) -> Shown:
    """A version of the package, from a bundle of these bytes."""
    path = ground.uploads / new_id()
    path.write_bytes(content)
    try:
        return deploys.create(
            ground,
            actor,
            Deploy(
                version_id=version_id or new_id(),
                package_id=package.id,
                handle=handle,
                config_template=config_template,
                bundle=Bundle(path, len(content), hashlib.sha256(content).hexdigest()),
            ),
        )
    finally:
        path.unlink()
