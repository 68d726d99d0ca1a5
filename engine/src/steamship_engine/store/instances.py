"""Instances: a configured version in one workspace."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from steamship_engine.model.handles import folded
from steamship_engine.model.nouns import Instance
from steamship_engine.model.states import InitStatus
from steamship_engine.store import rows
from steamship_engine.store.columns import now
from steamship_engine.store.schema import instances, packages, users, versions, workspaces


@dataclass(frozen=True)
class Placed:
    """An instance with the handles around it; the author is the package's owner."""

    instance: Instance
    user_handle: str
    workspace_handle: str
    package_handle: str
    version_handle: str
    author_id: str
    author_handle: str


_authors = users.alias("authors")


def _placed() -> Select[Any]:
    return (
        select(
            instances,
            users.c.handle.label("user_handle"),
            workspaces.c.handle.label("workspace_handle"),
            packages.c.handle.label("package_handle"),
            versions.c.handle.label("version_handle"),
            packages.c.user_id.label("author_id"),
            _authors.c.handle.label("author_handle"),
        )
        .join(users, users.c.id == instances.c.user_id)
        .join(workspaces, workspaces.c.id == instances.c.workspace_id)
        .join(packages, packages.c.id == instances.c.package_id)
        .join(versions, versions.c.id == instances.c.version_id)
        .join(_authors, _authors.c.id == packages.c.user_id)
    )


def _read(row: Row[Any]) -> Placed:
    return Placed(
        instance=rows.read(Instance, row),
        user_handle=row.user_handle,
        workspace_handle=row.workspace_handle,
        package_handle=row.package_handle,
        version_handle=row.version_handle,
        author_id=row.author_id,
        author_handle=row.author_handle,
    )


def _first(connection: Connection, query: Select[Any]) -> Placed | None:
    row = connection.execute(query.limit(1)).first()
    return None if row is None else _read(row)


def insert(
    connection: Connection,
    *,
    instance_id: str,
    user_id: str,
    workspace_id: str,
    package_id: str,
    version_id: str,
    handle: str,
    config: dict[str, Any],
    secret_config: bytes | None,
    init_status: InitStatus,
    init_task_id: str | None,
) -> None:
    """Add an instance; IntegrityError when the workspace has the handle already."""
    moment = now()
    connection.execute(
        instances.insert().values(
            id=instance_id,
            created_at=moment,
            updated_at=moment,
            user_id=user_id,
            workspace_id=workspace_id,
            package_id=package_id,
            version_id=version_id,
            handle=handle,
            handle_key=folded(handle),
            config=config,
            secret_config=secret_config,
            init_status=init_status.value,
            init_message=None,
            init_task_id=init_task_id,
        )
    )


def by_id(connection: Connection, instance_id: str) -> Placed | None:
    """The instance with that id, whoever owns it."""
    return _first(connection, _placed().where(instances.c.id == instance_id))


def by_handle(connection: Connection, workspace_id: str, handle: str) -> Placed | None:
    """The workspace's instance with that handle."""
    return _first(
        connection,
        _placed().where(instances.c.workspace_id == workspace_id, instances.c.handle_key == folded(handle)),
    )


def by_address(connection: Connection, owner: str, workspace: str, handle: str) -> Placed | None:
    """The instance that three handles name: its owner's, its workspace's and its own."""
    return _first(
        connection,
        _placed().where(
            users.c.handle_key == folded(owner),
            workspaces.c.handle_key == folded(workspace),
            instances.c.handle_key == folded(handle),
        ),
    )


def listed(
    connection: Connection,
    *,
    user_id: str,
    workspace_id: str | None,
    package_id: str | None,
    version_id: str | None,
    instance_id: str | None,
    paging: rows.Paging,
) -> rows.Page[Placed]:
    """The user's instances, each filter narrowing them unless it is None."""
    query = select(instances).where(instances.c.user_id == user_id)
    filters = (
        (instances.c.workspace_id, workspace_id),
        (instances.c.package_id, package_id),
        (instances.c.version_id, version_id),
        (instances.c.id, instance_id),
    )
    for column, wanted in filters:
        if wanted is not None:
            query = query.where(column == wanted)
    found = rows.page(connection, Instance, instances, query, paging)
    whole = _placed().where(instances.c.id.in_([instance.id for instance in found.items]))
    by_own_id = {row.id: _read(row) for row in connection.execute(whole)}
    return rows.Page([by_own_id[instance.id] for instance in found.items], found.next_token)


def set_init(connection: Connection, instance_id: str, status: InitStatus, message: str | None) -> bool:
    """Record how the init ended; False when it had ended already or the instance is gone."""
    changed = connection.execute(
        instances.update()
        .where(instances.c.id == instance_id, instances.c.init_status == InitStatus.INITIALIZING.value)
        .values(init_status=status.value, init_message=message, updated_at=now())
    )
    return changed.rowcount == 1


def delete(connection: Connection, instance_id: str) -> bool:
    """Remove the instance; False when it is gone already."""
    return connection.execute(instances.delete().where(instances.c.id == instance_id)).rowcount == 1


def of_version(connection: Connection, version_id: str, user_id: str) -> list[str]:
    """The ids of a user's instances of a version."""
    query = select(instances.c.id).where(instances.c.version_id == version_id, instances.c.user_id == user_id)
    return list(connection.execute(query).scalars())
