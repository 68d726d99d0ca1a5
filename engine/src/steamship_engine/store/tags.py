"""Tags on files."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, insert, or_, select, true

from steamship_engine.model.identifiers import new_id
from steamship_engine.model.nouns import Tag
from steamship_engine.model.tag_query import Both, Equals, Everything, FileTag, TagQuery
from steamship_engine.store import rows
from steamship_engine.store.columns import now
from steamship_engine.store.schema import tags


def add(
    connection: Connection,
    *,
    workspace_id: str,
    file_id: str,
    values: Sequence[tuple[str, str | None, dict[str, Any] | None]],
) -> list[Tag]:
    """New tags on one file, in order; `values` are kind, name and value of each."""
    moment = now()
    ids = [new_id() for _ in values]
    if values:
        connection.execute(
            insert(tags),
            [
                {
                    "id": tag_id,
                    "created_at": moment,
                    "workspace_id": workspace_id,
                    "file_id": file_id,
                    "kind": kind,
                    "name": name,
                    "value": value,
                }
                for tag_id, (kind, name, value) in zip(ids, values, strict=True)
            ],
        )
    made: list[Tag] = []
    for some in rows.batched(ids):
        made += rows.every(connection, Tag, select(tags).where(tags.c.id.in_(some)).order_by(tags.c.seq))
    return made


def find(connection: Connection, tag_id: str) -> Tag | None:
    """The tag of that id."""
    return rows.first(connection, Tag, select(tags).where(tags.c.id == tag_id))


def of_files(connection: Connection, file_ids: Collection[str]) -> dict[str, list[Tag]]:
    """Each file's tags, oldest first; files without any are left out."""
    found: dict[str, list[Tag]] = {}
    for some in rows.batched(file_ids):
        query = select(tags).where(tags.c.file_id.in_(some)).order_by(tags.c.seq)
        for tag in rows.every(connection, Tag, query):
            found.setdefault(tag.file_id, []).append(tag)
    return found


def remove(connection: Connection, tag_id: str) -> bool:
    """Whether the tag was there to be removed."""
    return connection.execute(delete(tags).where(tags.c.id == tag_id)).rowcount == 1


def matching(connection: Connection, workspace_id: str, query: TagQuery) -> list[Tag]:
    """The workspace's tags that `query` is about, oldest first."""
    found = select(tags).where(tags.c.workspace_id == workspace_id, condition(query)).order_by(tags.c.seq)
    return rows.every(connection, Tag, found)


def condition(query: TagQuery) -> ColumnElement[bool]:
    """The query as a condition on a row of `tags`."""
    match query:
        case Everything() | FileTag():
            # Tags on blocks come with blocks: every tag there is now is a file's own.
            return true()
        case Equals(field, value):
            return tags.c[field] == value
        case Both(parts):
            return and_(*(condition(part) for part in parts))
        case _:
            return or_(*(condition(part) for part in query.parts))
