"""Files: rows that name stored bytes."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from steamship_engine.model.handles import folded
from steamship_engine.model.nouns import File
from steamship_engine.model.tag_query import Everything, TagQuery
from steamship_engine.store import rows
from steamship_engine.store import tags as tag_store
from steamship_engine.store.columns import now
from steamship_engine.store.rows import Page, Paging
from steamship_engine.store.schema import files, tags


def add(connection: Connection, *, file_id: str, handle: str, **values: Any) -> None:
    """A new file; IntegrityError when the workspace has the handle already."""
    moment = now()
    connection.execute(
        insert(files).values(
            id=file_id,
            handle=handle,
            handle_key=folded(handle),
            created_at=moment,
            updated_at=moment,
            **values,
        )
    )


def by_id(connection: Connection, file_id: str) -> File | None:
    """The file of that id, whoever owns it."""
    return rows.first(connection, File, select(files).where(files.c.id == file_id))


def lock(connection: Connection, file_id: str) -> File | None:
    """The same, and nobody changes it before the transaction ends."""
    return rows.first(connection, File, select(files).where(files.c.id == file_id).with_for_update())


def by_handle(connection: Connection, workspace_id: str, handle: str) -> File | None:
    """The workspace's file of that handle."""
    query = select(files).where(files.c.workspace_id == workspace_id, files.c.handle_key == folded(handle))
    return rows.first(connection, File, query)


def page(connection: Connection, workspace_id: str, paging: Paging) -> Page[File]:
    """A page of a workspace's files."""
    query = select(files).where(files.c.workspace_id == workspace_id)
    return rows.page(connection, File, files, query, paging)


def matching(connection: Connection, workspace_id: str, query: TagQuery) -> list[File]:
    """The workspace's files with a tag that `query` is about, oldest first.

    Oldest first, so that of two files that were made for one purpose at the same time everybody goes on
    with the same one.
    """
    found = select(files).where(files.c.workspace_id == workspace_id)
    if not isinstance(query, Everything):
        tagged = select(tags.c.file_id).where(tags.c.workspace_id == workspace_id, tag_store.condition(query))
        found = found.where(files.c.id.in_(tagged))
    return rows.every(connection, File, found.order_by(files.c.seq))


def publish(connection: Connection, file_id: str, *, is_public: bool) -> None:
    """Let everybody read its bytes, or its owner alone."""
    connection.execute(
        update(files).where(files.c.id == file_id).values(is_public=is_public, updated_at=now())
    )


def remove(connection: Connection, file_id: str) -> None:
    """The row, and its tags. The blob is released by the caller."""
    connection.execute(delete(files).where(files.c.id == file_id))
