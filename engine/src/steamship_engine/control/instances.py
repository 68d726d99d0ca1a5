"""Instances: finding them, and all that a call of one needs to know."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from steamship_engine.control.ground import Ground
from steamship_engine.control.versions import timeout_of
from steamship_engine.model.errors import NotFoundError
from steamship_engine.model.handles import folded
from steamship_engine.model.nouns import Instance, Version
from steamship_engine.model.states import InitStatus
from steamship_engine.runtime.port import Bases, InstanceSpec, VersionSpec
from steamship_engine.store import instances, versions
from steamship_engine.store.instances import Placed


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
        return _target(ground, connection, placed)


def instance_not_found(name: str) -> NotFoundError:
    """The answer for an instance that is not there, and for one that is not the caller's."""
    return NotFoundError(
        f'There is no instance "{name[:200]}" here.',
        suggestion="Check the handles and the workspace; `ship instances` lists yours.",
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
    methods = version.spec.get("methods") or []
    return CallTarget(
        spec=InstanceSpec(
            instance_id=instance.id,
            workspace_id=instance.workspace_id,
            workspace_handle=placed.workspace_handle,
            version=_version_spec(version),
            config=whole_config(ground, instance),
            context=_context(ground, placed),
            bases=Bases(api=ground.addresses.api, app=ground.addresses.app, web=ground.addresses.web),
        ),
        owner_id=instance.user_id,
        owner_handle=placed.user_handle,
        author_id=placed.author_id,
        package_id=instance.package_id,
        package_handle=placed.package_handle,
        version_handle=placed.version_handle,
        instance_handle=instance.handle,
        init_status=instance.init_status,
        public_methods=frozenset(
            _place(method) for method in methods if _options(method).get("public") is True
        ),
        timeouts={
            _place(method): float(seconds)
            for method in methods
            if (seconds := _options(method).get("timeout")) is not None and _is_number(seconds)
        },
    )


def _version_spec(version: Version) -> VersionSpec:
    return VersionSpec(
        version_id=version.id,
        bundle=version.bundle,
        environment=version.environment,
        kind=version.kind,
        timeout_s=timeout_of(version.manifest),
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
    """Where the instance is called: the same text on the wire and in its context."""
    return ground.addresses.invocation_url(
        placed.user_handle, placed.workspace_handle, placed.instance.handle
    )


def secrets_place(instance_id: str) -> str:
    """What an instance's sealed secrets are bound to."""
    return f"instances:{instance_id}:config"


def whole_config(ground: Ground, instance: Instance) -> dict[str, Any]:
    """The instance's config with its secrets, for the worker alone."""
    if instance.secret_config is None:
        return dict(instance.config)
    opened = ground.vault.open(instance.secret_config, secrets_place(instance.id))
    secrets: dict[str, Any] = json.loads(opened)
    return {**instance.config, **secrets}


def _place(method: dict[str, Any]) -> tuple[str, str]:
    return str(method.get("verb") or "POST").upper(), str(method.get("path"))


def _options(method: dict[str, Any]) -> dict[str, Any]:
    return method.get("config") or {}


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0
