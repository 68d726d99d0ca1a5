"""Tags: a kind, a name and a value on a file. Two may be equal."""

from __future__ import annotations

from steamship_engine.control import files
from steamship_engine.control.actor import Actor
from steamship_engine.control.files import NewTag
from steamship_engine.control.ground import Ground
from steamship_engine.model import tag_query
from steamship_engine.model.audit import Subject
from steamship_engine.model.errors import NotFoundError
from steamship_engine.model.nouns import Tag, Workspace
from steamship_engine.store import files as file_store
from steamship_engine.store import tags as store


def create(ground: Ground, actor: Actor, file_id: str, new: NewTag) -> Tag:
    """A tag on a file that the actor may see."""
    with ground.database.begin() as connection:
        file = files.seen(actor, file_store.lock(connection, file_id), file_id)
        made = store.add(
            connection,
            workspace_id=file.workspace_id,
            file_id=file.id,
            values=[(new.kind, new.name, new.value)],
        )
    return made[0]


def delete(ground: Ground, actor: Actor, tag_id: str) -> Tag:
    """Remove a tag; NotFoundError unless its file is the actor's."""
    with ground.database.begin() as connection:
        tag = store.find(connection, tag_id)
        file = None if tag is None else file_store.by_id(connection, tag.file_id)
        own = file is not None and file.user_id == actor.user_id
        if tag is None or not own or not actor.reaches_workspace(tag.workspace_id):
            raise _missing(tag_id, tag)
        if not store.remove(connection, tag_id):
            raise _missing(tag_id)
    return tag


def query(ground: Ground, workspace: Workspace, text: str) -> list[Tag]:
    """The workspace's tags that the query is about, oldest first."""
    wanted = tag_query.parse(text)
    with ground.database.read() as connection:
        return store.matching(connection, workspace.id, wanted)


def _missing(tag_id: str, hidden: Tag | None = None) -> NotFoundError:
    return NotFoundError(
        f'There is no tag "{tag_id[:100]}".',
        suggestion="`file/get` shows a file's tags with their ids.",
        hides=None if hidden is None else Subject("tag", hidden.id),
    )
