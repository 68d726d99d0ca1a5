"""Workspaces: places of a user's in which instances keep their data."""

from __future__ import annotations

from sqlalchemy import Connection, select

from steamship_engine.model.handles import folded
from steamship_engine.model.nouns import Workspace
from steamship_engine.store import rows
from steamship_engine.store.columns import now
from steamship_engine.store.schema import files, instances, workspaces


def insert(connection: Connection, *, workspace_id: str, user_id: str, handle: str) -> None:
    """Add a workspace; IntegrityError when the user has the handle already."""
    moment = now()
    connection.execute(
        workspaces.insert().values(
            id=workspace_id,
            created_at=moment,
            updated_at=moment,
            user_id=user_id,
            handle=handle,
            handle_key=folded(handle),
        )
    )


def by_id(connection: Connection, workspace_id: str) -> Workspace | None:
    """The workspace with that id, whoever owns it."""
    return rows.first(connection, Workspace, select(workspaces).where(workspaces.c.id == workspace_id))


def lock(connection: Connection, workspace_id: str) -> None:
    """Let nobody add to the workspace before this transaction ends."""
    connection.execute(select(workspaces.c.seq).where(workspaces.c.id == workspace_id).with_for_update())


def by_handle(connection: Connection, user_id: str, handle: str) -> Workspace | None:
    """The user's workspace with that handle."""
    query = select(workspaces).where(
        workspaces.c.user_id == user_id, workspaces.c.handle_key == folded(handle)
    )
    return rows.first(connection, Workspace, query)


def listed(
    connection: Connection,
    user_id: str,
    paging: rows.Paging,
    *,
    workspace_id: str | None = None,
    handle: str | None = None,
) -> rows.Page[Workspace]:
    """The user's workspaces, each filter narrowing them unless it is None."""
    query = select(workspaces).where(workspaces.c.user_id == user_id)
    if workspace_id is not None:
        query = query.where(workspaces.c.id == workspace_id)
    if handle is not None:
        query = query.where(workspaces.c.handle_key == folded(handle))
    return rows.page(connection, Workspace, workspaces, query, paging)


def delete(connection: Connection, workspace_id: str) -> bool:
    """Remove the workspace and every row in it; False when there was none. Blobs are released before."""
    gone = connection.execute(workspaces.delete().where(workspaces.c.id == workspace_id))
    return gone.rowcount > 0


def instance_ids(connection: Connection, workspace_id: str) -> list[str]:
    """The ids of its instances."""
    return list(connection.scalars(select(instances.c.id).where(instances.c.workspace_id == workspace_id)))


def blob_digests(connection: Connection, workspace_id: str) -> list[str]:
    """The digests that its files count on, one entry a file."""
    query = select(files.c.blob).where(files.c.workspace_id == workspace_id, files.c.blob.is_not(None))
    return [digest for digest in connection.scalars(query) if digest is not None]
