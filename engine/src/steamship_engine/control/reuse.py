"""An instance that has the wanted handle: whether it is the one wanted (docs/reference/protocol.md#instances)."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import Connection

from steamship_engine.control import versions as version_rules
from steamship_engine.control.actor import Actor, Reach
from steamship_engine.control.ground import Ground
from steamship_engine.control.instances import whole_config
from steamship_engine.control.packages import ALREADY_EXISTS
from steamship_engine.model import handles
from steamship_engine.model.config import Config, check_unchanged, complete
from steamship_engine.model.errors import AlreadyExistsError, ConflictError, ForbiddenError
from steamship_engine.model.nouns import Workspace
from steamship_engine.store import instances, versions
from steamship_engine.store.instances import Placed


@dataclass(frozen=True)
class Wanted:
    """Which instance is wanted, and where.

    `package` names a version, or only its package. The workspace is `workspace_handle`'s (made if need be
    with `create_workspace`), else `workspace_id`'s, else the call's current one. `config` None is no opinion.
    """

    package: version_rules.Wanted
    handle: str | None = None
    config: Config | None = field(default=None, repr=False)
    fetch_if_exists: bool = False
    workspace_id: str | None = None
    workspace_handle: str | None = None
    create_workspace: bool = False
    is_local: bool = False


def existing(
    ground: Ground, connection: Connection, actor: Actor, wanted: Wanted, workspace: Workspace | None
) -> Placed | None:
    """The instance that has the handle already; None where there is none.

    AlreadyExistsError, ConflictError or InvalidConfigError where it is not the one wanted.
    """
    if workspace is None or wanted.handle is None:
        return None
    placed = instances.by_handle(connection, workspace.id, wanted.handle)
    if placed is None:
        return None
    if actor.reach is Reach.INSTANCE and actor.instance_id != placed.instance.id:
        raise ForbiddenError(
            f'This key is for one instance only, and "{wanted.handle}" is another.',
            suggestion="Use a key for the workspace, or one of the user's own.",
        )
    if not wanted.fetch_if_exists:
        raise AlreadyExistsError(
            ALREADY_EXISTS,
            suggestion=f'The workspace "{workspace.handle}" has an instance "{placed.instance.handle}"; ask with '
            "fetchIfExists, or choose another handle.",
        )
    _check_package(connection, actor, wanted.package, placed)
    _check_version(connection, wanted.package, placed)
    if wanted.config is not None:
        version = versions.by_id(connection, placed.instance.version_id)
        assert version is not None, "an instance outlived its version"
        check_unchanged(
            placed.instance.handle,
            whole_config(ground, placed.instance),
            complete(version.config_template, wanted.config, version.kind),
        )
    return placed


def _check_package(connection: Connection, actor: Actor, named: version_rules.Wanted, placed: Placed) -> None:
    """That the instance is of the package named, which may have become private since it was made."""
    instance = placed.instance
    by_id = named.package_id in {None, "", instance.package_id}
    by_handle = not named.package_handle or (
        handles.folded(named.package_handle) == handles.folded(placed.package_handle)
    )
    if by_id and by_handle and (named.package_id or named.package_handle):
        return
    other, _ = version_rules.find(connection, actor, named)
    if other.id != instance.package_id:
        raise ConflictError(
            f'The instance "{instance.handle}" is of the package "{placed.package_handle}", '
            f'not of "{other.handle}".',
            suggestion=f'Choose another instance handle for the package "{other.handle}".',
        )


def _check_version(connection: Connection, named: version_rules.Wanted, placed: Placed) -> None:
    """That the instance, which stays on its version, is of the version named if any is."""
    instance = placed.instance
    if named.version_id:
        other = versions.by_id(connection, named.version_id)
        if other is None or other.package_id != instance.package_id:
            raise version_rules.no_such_id(named.version_id)
    elif named.handle and handles.folded(named.handle) != handles.folded(placed.version_handle):
        other = version_rules.of_package(connection, instance.package_id, placed.package_handle, named.handle)
    else:
        return
    if other.id != instance.version_id:
        raise ConflictError(
            f'The instance "{instance.handle}" stays on version "{placed.version_handle}" of the package '
            f'"{placed.package_handle}"; it was asked for with version "{other.handle}".',
            suggestion="Leave the version out to use the instance as it is, or choose another instance handle "
            f'for version "{other.handle}".',
        )
