"""Workspaces: found, made on demand, deleted with everything in them."""

from __future__ import annotations

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from steamship_engine.control import audit
from steamship_engine.control.actor import Actor, Reach
from steamship_engine.control.ground import Ground
from steamship_engine.control.removal import Removal
from steamship_engine.model import handles
from steamship_engine.model.audit import AuditKind, Subject
from steamship_engine.model.errors import AlreadyExistsError, NotFoundError
from steamship_engine.model.identifiers import new_id
from steamship_engine.model.nouns import Workspace
from steamship_engine.store import queue, workspaces
from steamship_engine.store.rows import Page, Paging

DEFAULT = "default"
"""The workspace of whoever names none."""


def current(
    ground: Ground, actor: Actor, workspace_id: str | None = None, workspace_handle: str | None = None
) -> Workspace:
    """The workspace that a call acts in: by id, else by handle, else the user's `default`, made on demand.

    A scoped key and a worker's key act in their own; NotFoundError when they name another.
    """
    with ground.database.read() as connection:
        if workspace_id:
            return by_id(connection, actor, workspace_id)
        if workspace_handle:
            return by_handle(connection, actor, workspace_handle)
        if actor.reach is not Reach.USER:
            return by_id(connection, actor, actor.workspace_id or "")
        found = workspaces.by_handle(connection, actor.user_id, DEFAULT)
    if found is not None:
        return found
    with ground.database.begin() as connection:
        return find_or_create(connection, actor, DEFAULT)


def find(ground: Ground, actor: Actor, workspace_id: str | None, workspace_handle: str | None) -> Workspace:
    """The workspace that an id names, or a handle, or both together."""
    with ground.database.read() as connection:
        if not workspace_id:
            return by_handle(connection, actor, workspace_handle or "")
        found = by_id(connection, actor, workspace_id)
    if workspace_handle and handles.folded(found.handle) != handles.folded(workspace_handle):
        raise NotFoundError(
            f'The workspace with the id "{workspace_id}" has the handle "{found.handle}", '
            f'not "{workspace_handle}".',
            suggestion="Name it by one of the two.",
        )
    return found


def by_id(connection: Connection, actor: Actor, workspace_id: str) -> Workspace:
    """The workspace with that id; NotFoundError where the actor's key does not reach it."""
    return _seen(actor, workspaces.by_id(connection, workspace_id), f'with the id "{workspace_id}"')


def by_handle(connection: Connection, actor: Actor, handle: str) -> Workspace:
    """The workspace with that handle; NotFoundError where the actor's key does not reach it."""
    return _seen(actor, workspaces.by_handle(connection, actor.user_id, handle), f'"{handle}"')


def find_or_create(connection: Connection, actor: Actor, handle: str) -> Workspace:
    """The user's workspace with that handle, made in the caller's transaction if there is none.

    NotFoundError for a key that reaches another workspace only: it cannot make any.
    """
    found = workspaces.by_handle(connection, actor.user_id, handle)
    if found is not None:
        return _seen(actor, found, f'"{handle}"')
    if actor.reach is not Reach.USER:
        raise _not_found(f'"{handle}"')
    handles.WORKSPACE.check(handle)
    try:
        with connection.begin_nested():
            return _insert(connection, actor, handle)
    except IntegrityError:
        # Somebody else made it between our look and our insert.
        return by_handle(connection, actor, handle)


def create(ground: Ground, actor: Actor, handle: str | None, *, fetch_if_exists: bool) -> Workspace:
    """Make a workspace, with a handle of the engine's making where none is given.

    Where the handle is used: that workspace with `fetch_if_exists`, else AlreadyExistsError.
    """
    if handle is not None and fetch_if_exists:
        with ground.database.read() as connection:
            found = workspaces.by_handle(connection, actor.user_id, handle)
        if found is not None:
            return _seen(actor, found, f'"{handle}"')
        with ground.database.begin() as connection:
            return find_or_create(connection, actor, handle)
    actor.require_user("make workspaces")
    wanted = handles.generated("workspace") if handle is None else handles.WORKSPACE.check(handle)
    try:
        with ground.database.begin() as connection:
            return _insert(connection, actor, wanted)
    except IntegrityError:
        raise AlreadyExistsError(
            f'You have a workspace "{wanted}" already. The object you are trying to create already exists.',
            suggestion="Choose another handle, or ask with fetchIfExists.",
        ) from None


def listed(
    ground: Ground,
    actor: Actor,
    paging: Paging,
    *,
    workspace_id: str | None = None,
    handle: str | None = None,
) -> Page[Workspace]:
    """The user's workspaces that the key reaches, each filter narrowing them unless it is None."""
    if actor.reach is not Reach.USER:
        own = current(ground, actor)
        wanted = workspace_id in (None, own.id) and (handle is None or handle == own.handle)
        return Page([own] if wanted else [], None)
    with ground.database.read() as connection:
        return workspaces.listed(connection, actor.user_id, paging, workspace_id=workspace_id, handle=handle)


def delete(ground: Ground, actor: Actor, workspace_id: str) -> Workspace:
    """Remove a workspace with its instances, tasks and files; its handle is free at once."""
    actor.require_user("delete workspaces")
    with ground.database.begin() as connection:
        workspaces.lock(connection, workspace_id)
        workspace = by_id(connection, actor, workspace_id)
        removal = Removal(ground, actor)
        for instance_id in workspaces.instance_ids(connection, workspace_id):
            removal.instance(connection, instance_id)
        for digest in workspaces.blob_digests(connection, workspace_id):
            ground.blobs.release(connection, digest)
        ended = queue.forget_workspace(connection, ground.blobs, workspace_id)
        workspaces.delete(connection, workspace_id)
        subject = Subject("workspace", workspace_id, workspace.handle)
        audit.record(connection, AuditKind.WORKSPACE_REMOVED, actor, subject)
    ground.changes.report("workspace", workspace_id)
    for task_id in ended:
        ground.changes.report("task", task_id)
    removal.finish()
    ground.records.forget_workspace(workspace_id)
    return workspace


def _insert(connection: Connection, actor: Actor, handle: str) -> Workspace:
    workspace_id = new_id()
    workspaces.insert(connection, workspace_id=workspace_id, user_id=actor.user_id, handle=handle)
    made = workspaces.by_id(connection, workspace_id)
    assert made is not None, "a workspace vanished in its own transaction"
    audit.record(connection, AuditKind.WORKSPACE_CREATED, actor, Subject("workspace", workspace_id, handle))
    return made


def _seen(actor: Actor, workspace: Workspace | None, named: str) -> Workspace:
    if workspace is None or workspace.user_id != actor.user_id or not actor.reaches_workspace(workspace.id):
        raise _not_found(named, workspace)
    return workspace


def _not_found(named: str, hidden: Workspace | None = None) -> NotFoundError:
    return NotFoundError(
        f"You have no workspace {named}.",
        suggestion="Check the handle or id, or create the workspace; `workspace/list` shows yours.",
        hides=None if hidden is None else Subject("workspace", hidden.id, hidden.handle),
    )
