"""Files: stored bytes with a handle and tags, in one workspace."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from steamship_engine.control import audit
from steamship_engine.control.actor import Actor, Reach
from steamship_engine.control.ground import Ground
from steamship_engine.model import handles, media, tag_query
from steamship_engine.model.audit import AuditKind, Subject
from steamship_engine.model.errors import (
    AlreadyExistsError,
    AuthenticationError,
    ForbiddenError,
    InvalidRequestError,
    NotFoundError,
)
from steamship_engine.model.identifiers import new_id
from steamship_engine.model.network import Network
from steamship_engine.model.nouns import File, Tag, Workspace
from steamship_engine.store import files as store
from steamship_engine.store import tags as tag_store
from steamship_engine.store.rows import Page, Paging


@dataclass(frozen=True)
class NewTag:
    """A tag to be made: `value` is an object or None."""

    kind: str
    name: str | None = None
    value: dict[str, Any] | None = None


@dataclass(frozen=True)
class Content:
    """Bytes on disk that are to become a file's. `digest` is their lower-case SHA-256 hex."""

    path: Path
    digest: str
    size: int


@dataclass(frozen=True)
class NewFile:
    """A file to be made: without `handle` it gets one, without `mime_type` its bytes are looked at."""

    handle: str | None = None
    filename: str | None = None
    mime_type: str | None = None
    is_public: bool = False
    content: Content | None = None
    tags: Sequence[NewTag] = field(default_factory=tuple)


@dataclass(frozen=True)
class Tagged:
    """A file with its tags, oldest first."""

    file: File
    tags: list[Tag]


def create(ground: Ground, actor: Actor, workspace: Workspace, new: NewFile) -> Tagged:
    """Store a file. AlreadyExistsError where the workspace has the handle already."""
    handle = handles.generated("file") if new.handle is None else handles.FILE.check(new.handle)
    if new.is_public:
        _check_network(actor, handle)
    mime_type = _mime_type(new)
    content = new.content if new.content is not None and new.content.size else None
    file_id = new_id()
    with ExitStack() as stack:
        placed = None
        if content is not None:
            placed = stack.enter_context(ground.blobs.placed(content.path, content.digest, content.size))
        try:
            with ground.database.begin() as connection:
                store.add(
                    connection,
                    file_id=file_id,
                    handle=handle,
                    user_id=actor.user_id,
                    workspace_id=workspace.id,
                    filename=new.filename,
                    mime_type=mime_type,
                    is_public=new.is_public,
                    blob=None if content is None else content.digest,
                    size=0 if content is None else content.size,
                )
                if placed is not None:
                    # After the row: who deletes the workspace takes its rows first and the blobs then.
                    ground.blobs.keep(connection, placed)
                tag_store.add(
                    connection,
                    workspace_id=workspace.id,
                    file_id=file_id,
                    values=[(tag.kind, tag.name, tag.value) for tag in new.tags],
                )
                file = _there(store.by_id(connection, file_id))
                if file.is_public:
                    _tell_visibility(ground, connection, actor, file)
                return _tagged(connection, file)
        except IntegrityError:
            raise AlreadyExistsError(
                f'The workspace "{workspace.handle}" has a file "{handle}" already, or was just deleted.',
                suggestion="Choose another handle.",
            ) from None


def by_id(ground: Ground, actor: Actor, file_id: str) -> Tagged:
    """The file of that id, in whatever workspace the actor's key reaches."""
    with ground.database.read() as connection:
        return _tagged(connection, seen(actor, store.by_id(connection, file_id), file_id))


def by_handle(ground: Ground, actor: Actor, workspace: Workspace, handle: str) -> Tagged:
    """The workspace's file of that handle."""
    with ground.database.read() as connection:
        return _tagged(connection, seen(actor, store.by_handle(connection, workspace.id, handle), handle))


def listed(ground: Ground, workspace: Workspace, paging: Paging) -> Page[Tagged]:
    """A page of a workspace's files. The actor was found to reach the workspace."""
    with ground.database.read() as connection:
        page = store.page(connection, workspace.id, paging)
        return Page(_all_tagged(connection, page.items), page.next_token)


def query(ground: Ground, workspace: Workspace, text: str) -> list[Tagged]:
    """The workspace's files with a tag that the query is about, oldest first, with all their tags."""
    wanted = tag_query.parse(text)
    with ground.database.read() as connection:
        return _all_tagged(connection, store.matching(connection, workspace.id, wanted))


def publish(ground: Ground, actor: Actor, file_id: str, *, is_public: bool | None) -> Tagged:
    """Let everybody read a file's bytes, or its owner alone; None leaves it as it is."""
    with ground.database.begin() as connection:
        before = seen(actor, store.lock(connection, file_id), file_id)
        if is_public:
            _check_network(actor, before.handle)
        if is_public is not None:
            store.publish(connection, file_id, is_public=is_public)
        file = _there(store.by_id(connection, file_id))
        if file.is_public != before.is_public:
            _tell_visibility(ground, connection, actor, file)
        return _tagged(connection, file)


def delete(ground: Ground, actor: Actor, file_id: str) -> Tagged:
    """Remove a file with its tags, and its bytes unless others have the same; what it was."""
    with ground.database.begin() as connection:
        file = seen(actor, store.lock(connection, file_id), file_id)
        gone = _tagged(connection, file)
        store.remove(connection, file_id)
        if file.blob is not None:
            ground.blobs.release(connection, file.blob)
    return gone


def readable(ground: Ground, actor: Actor | None, file_id: str) -> File:
    """The file whose bytes are wanted: a public one, or the actor's, whatever its workspace.

    Without an actor AuthenticationError, whether there is such a file or not.
    """
    with ground.database.read() as connection:
        file = store.by_id(connection, file_id)
    if file is not None and file.is_public:
        return file
    if actor is None:
        raise AuthenticationError(
            f'There is no public file "{file_id[:100]}".', suggestion="Send the key of the file's owner."
        )
    return seen(actor, file, file_id)


def seen(actor: Actor, file: File | None, named: str) -> File:
    """The file, where it is the actor's own and within its key's reach; NotFoundError otherwise."""
    if file is None or file.user_id != actor.user_id or not actor.reaches_workspace(file.workspace_id):
        raise NotFoundError(
            f'There is no file "{named[:300]}".',
            suggestion="Check the id, or the handle and the workspace; `file/list` shows a workspace's files.",
            hides=None if file is None else Subject("file", file.id, file.handle),
        )
    return file


def _check_network(actor: Actor, handle: str) -> None:
    """ForbiddenError for a worker without a network: what everybody reads is a way out."""
    if actor.network is Network.NONE:
        raise ForbiddenError(
            f'A package with network "none" cannot let everybody read the file "{handle}".',
            suggestion='Make the file public with a key of your own, or deploy the package with network "internet".',
        )


def _tell_visibility(ground: Ground, connection: Connection, actor: Actor, file: File) -> None:
    subject = Subject("file", file.id, file.handle)
    tell = audit.record
    if actor.reach is Reach.WORKER:
        tell = partial(audit.record_or_count, ground.refusals)
    tell(connection, AuditKind.FILE_VISIBILITY, actor, subject, isPublic=file.is_public)


def _mime_type(new: NewFile) -> str | None:
    if new.mime_type is not None and new.mime_type != "unknown":
        # Parameters such as a charset describe one transfer; the type is what is kept.
        mime_type = new.mime_type.partition(";")[0].strip()
        if not media.is_type(mime_type):
            raise InvalidRequestError(
                f'"{new.mime_type[:100]}" is not a MIME type.', suggestion="Send one such as text/plain."
            )
        return mime_type
    if new.content is None:
        return None
    with new.content.path.open("rb") as file:
        return media.sniffed(file.read(media.SNIFFED))


def _tagged(connection: Connection, file: File) -> Tagged:
    return _all_tagged(connection, [file])[0]


def _all_tagged(connection: Connection, files: list[File]) -> list[Tagged]:
    tags = tag_store.of_files(connection, [file.id for file in files])
    return [Tagged(file, tags.get(file.id, [])) for file in files]


def _there(file: File | None) -> File:
    assert file is not None, "a file vanished in its own transaction"
    return file
