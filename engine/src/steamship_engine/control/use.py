"""Use: the instance that has the handle, made with its workspace in one transaction where there is none."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from steamship_engine.control import audit, networks, tasks, workspaces
from steamship_engine.control import versions as version_rules
from steamship_engine.control.actor import Actor, Reach
from steamship_engine.control.ground import Ground
from steamship_engine.control.instances import secrets_place, subject_of
from steamship_engine.control.reuse import Wanted, existing
from steamship_engine.model import handles
from steamship_engine.model.audit import AuditKind
from steamship_engine.model.config import Config, complete, split_secrets
from steamship_engine.model.errors import ForbiddenError, NotBuiltYetError, NotFoundError, TooLargeError
from steamship_engine.model.identifiers import new_id
from steamship_engine.model.limits import REQUEST
from steamship_engine.model.network import Network
from steamship_engine.model.nouns import Package, Version, Workspace
from steamship_engine.model.states import InitStatus
from steamship_engine.store import instances
from steamship_engine.store.database import after_commit
from steamship_engine.store.instances import Placed

INIT_OPERATION = "instance/init"
"""The internal operation that runs a new instance's `instance_init`; no door leads to it."""

LOCAL_DEVELOPMENT = "local-development!"
"""The original's version handle for code that still lies on its author's desk."""

_TRIES = 5


def use(
    ground: Ground, actor: Actor, wanted: Wanted, *, current: Callable[[], Workspace], request_id: str
) -> Placed:
    """The instance wanted. Many at once for the same handle get the same one.

    With `fetch_if_exists` an existing one must be of the same package, and of the version and config
    where these are given: ConflictError and InvalidConfigError say what differs. `current` gives the
    call's workspace where `wanted` names none.
    """
    if wanted.is_local or wanted.package.handle == LOCAL_DEVELOPMENT:
        raise NotBuiltYetError(
            f'This engine does not register instances of the version "{LOCAL_DEVELOPMENT}" yet.',
            suggestion="Deploy the package with `ship deploy` and use the deployed version.",
        )
    if wanted.handle is not None:
        handles.INSTANCE.check(wanted.handle)
    _check_size(wanted.config)
    here = None if wanted.workspace_handle or wanted.workspace_id else current()
    with ground.database.read() as connection:
        found = existing(ground, connection, actor, wanted, _workspace(connection, actor, wanted, here))
    tries = 0
    while found is None:
        tries += 1
        try:
            with ground.database.begin() as connection:
                found = _find_or_make(ground, connection, actor, wanted, here, request_id)
        except IntegrityError:
            # Another first use of the handle was faster, or its workspace or version went: look again.
            if tries == _TRIES:
                raise
    return found


def _check_size(config: Config | None) -> None:
    if config is not None and len(json.dumps(config)) > REQUEST.config:
        raise TooLargeError(
            f"The config is larger than {REQUEST.config} bytes.",
            suggestion="Keep data in files of the workspace, and configure how to find them.",
        )


def _find_or_make(
    ground: Ground,
    connection: Connection,
    actor: Actor,
    wanted: Wanted,
    here: Workspace | None,
    request_id: str,
) -> Placed:
    workspace = _workspace(connection, actor, wanted, here)
    found = existing(ground, connection, actor, wanted, workspace)
    if found is not None:
        return found
    if actor.reach is Reach.INSTANCE:
        raise ForbiddenError(
            "A key for one instance cannot make instances.",
            suggestion="Use a key for the workspace, or one of the user's own.",
        )
    package, version = version_rules.find(connection, actor, wanted.package)
    _check_network(ground, actor, package, version)
    if workspace is None:
        workspace = workspaces.find_or_create(connection, actor, wanted.workspace_handle or "")
        after_commit(connection, partial(ground.changes.report, "workspace", workspace.id))
    return _make(ground, connection, actor, wanted, workspace, package, version, request_id)


def _check_network(ground: Ground, actor: Actor, package: Package, version: Version) -> None:
    """ForbiddenError for a worker without a network that would make itself a helper which has one."""
    reaches = networks.of_version(ground, version)
    if actor.network is Network.NONE and reaches is not Network.NONE:
        raise ForbiddenError(
            f'A package with network "none" cannot make an instance of "{package.handle}", which has "{reaches}".',
            suggestion='Make the instance yourself, with `ship use`, or deploy the package with network "internet".',
        )


def _workspace(
    connection: Connection, actor: Actor, wanted: Wanted, here: Workspace | None
) -> Workspace | None:
    """The workspace, or None where it is still to be made."""
    if wanted.workspace_handle:
        try:
            return workspaces.by_handle(connection, actor, wanted.workspace_handle)
        except NotFoundError:
            if wanted.create_workspace and actor.reach is Reach.USER:
                return None
            raise
    if wanted.workspace_id:
        return workspaces.by_id(connection, actor, wanted.workspace_id)
    return here


def _make(
    ground: Ground,
    connection: Connection,
    actor: Actor,
    wanted: Wanted,
    workspace: Workspace,
    package: Package,
    version: Version,
    request_id: str,
) -> Placed:
    instance_id = new_id()
    shown, secret = split_secrets(
        version.config_template, complete(version.config_template, wanted.config, version.kind)
    )
    instances.insert(
        connection,
        instance_id=instance_id,
        user_id=workspace.user_id,
        workspace_id=workspace.id,
        package_id=package.id,
        version_id=version.id,
        handle=wanted.handle or handles.generated(package.handle),
        config=shown,
        secret_config=_sealed(ground, instance_id, secret),
        init_status=InitStatus.INITIALIZING if version.needs_init else InitStatus.NOT_NEEDED,
        init_task_id=_submit_init(ground, connection, actor, workspace, instance_id, request_id)
        if version.needs_init
        else None,
    )
    after_commit(connection, partial(ground.changes.report, "instance", instance_id))
    placed = instances.by_id(connection, instance_id)
    assert placed is not None, "an instance vanished in its own transaction"
    audit.record(
        connection,
        AuditKind.INSTANCE_CREATED,
        actor,
        subject_of(placed),
        package=package.handle,
        version=version.handle,
        workspace=workspace.id,
        secrets=sorted(secret),
    )
    return placed


def _sealed(ground: Ground, instance_id: str, secret: dict[str, Any]) -> bytes | None:
    if not secret:
        return None
    return ground.vault.seal(json.dumps(secret).encode(), secrets_place(instance_id))


def _submit_init(
    ground: Ground,
    connection: Connection,
    actor: Actor,
    workspace: Workspace,
    instance_id: str,
    request_id: str,
) -> str:
    task = tasks.submit(
        ground,
        connection,
        actor,
        operation=INIT_OPERATION,
        input={"instanceId": instance_id},
        request_id=request_id,
        workspace_id=workspace.id,
    )
    return task.id
