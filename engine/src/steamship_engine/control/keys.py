"""User keys: made, listed, revoked. A key is shown once and kept as a hash."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from steamship_engine.control import audit, workspaces
from steamship_engine.control.actor import Actor
from steamship_engine.control.ground import Ground
from steamship_engine.model.audit import AuditActor, AuditKind, Source, Subject
from steamship_engine.model.errors import InvalidRequestError, NotFoundError
from steamship_engine.model.identifiers import new_id
from steamship_engine.model.nouns import Key
from steamship_engine.model.states import KeyScope
from steamship_engine.store import instances, keys
from steamship_engine.store.columns import now
from steamship_engine.store.rows import Page, Paging

SHORTEST_OPERATOR_KEY = 32
LONGEST_KEY = 512

_NAME = re.compile(r"[^\x00-\x1f\x7f]{1,100}")
_MINTED = re.compile(r"ship_([0-9a-f]{12})_[A-Za-z0-9_-]{43}")


@dataclass(frozen=True)
class NewKey:
    """A key's row, and the key itself, which nobody can show again."""

    key: Key
    secret: str


def minted() -> str:
    """A fresh key: `ship_`, a lookup id, and 256 random bits."""
    return f"ship_{secrets.token_hex(6)}_{secrets.token_urlsafe(32)}"


def lookup_of(key: str) -> str:
    """What a key's row is found by: its middle part, or for an operator's own key a hash's beginning."""
    form = _MINTED.fullmatch(key)
    if form is not None:
        return form[1]
    return hashlib.sha256(b"steamship key lookup" + key.encode()).hexdigest()[:16]


def digest_of(key: str) -> bytes:
    """What a key's row keeps of it. One round: a key has 256 random bits, nobody guesses it."""
    return hashlib.sha256(key.encode()).digest()


def create(
    ground: Ground,
    actor: Actor,
    *,
    name: str,
    workspace_handle: str | None = None,
    instance_handle: str | None = None,
    expires_at: datetime | None = None,
) -> NewKey:
    """Make a key of the user's: for everything, for one workspace, or for one instance in one.

    NotFoundError for a workspace or instance that is not there, InvalidRequestError for a bad name or
    an expiry in the past.
    """
    actor.require_user("make keys")
    if _NAME.fullmatch(name) is None:
        raise InvalidRequestError(
            f'"{name[:200]}" is not a key\'s name: it has 1-100 characters, none of them a control character.',
            suggestion="Name the key after the place where it is used.",
        )
    if expires_at is not None and expires_at <= now():
        raise InvalidRequestError(
            f'The expiry "{expires_at.isoformat()}" is in the past.', suggestion="Give a later moment."
        )
    with ground.database.begin() as connection:
        scope, workspace_id, instance_id = _scope(connection, actor, workspace_handle, instance_handle)
        return insert(
            connection,
            by=actor,
            user_id=actor.user_id,
            name=name,
            secret=minted(),
            scope=scope,
            workspace_id=workspace_id,
            instance_id=instance_id,
            expires_at=expires_at,
        )


def insert(
    connection: Connection,
    *,
    by: Actor | AuditActor,
    user_id: str,
    name: str,
    secret: str,
    source: Source | None = None,
    login_id: str | None = None,
    scope: KeyScope = KeyScope.USER,
    workspace_id: str | None = None,
    instance_id: str | None = None,
    expires_at: datetime | None = None,
) -> NewKey:
    """Keep the key `secret` for the user, in the caller's transaction.

    `by`, `source` and `login_id`, the login that it is made for, are for the audit trail.
    """
    key_id = new_id()
    keys.insert(
        connection,
        key_id=key_id,
        user_id=user_id,
        name=name,
        lookup=lookup_of(secret),
        digest=digest_of(secret),
        scope=scope,
        workspace_id=workspace_id,
        instance_id=instance_id,
        expires_at=expires_at,
    )
    key = keys.by_id(connection, user_id, key_id)
    assert key is not None, "a key vanished in its own transaction"
    about: dict[str, Any] = {
        "user": user_id,
        "scope": scope.value,
        "workspace": workspace_id,
        "instance": instance_id,
        "expires": None if expires_at is None else expires_at.isoformat(),
        "login": login_id,
    }
    kept = {name: value for name, value in about.items() if value is not None}
    audit.record(connection, AuditKind.KEY_MADE, by, Subject("key", key_id, name), source, **kept)
    return NewKey(key, secret)


def listed(ground: Ground, actor: Actor, paging: Paging) -> Page[Key]:
    """The user's keys, without their secrets."""
    actor.require_user("list keys")
    with ground.database.read() as connection:
        return keys.listed(connection, actor.user_id, paging)


def revoke(ground: Ground, actor: Actor, key_id: str) -> Key:
    """End a key now, for good. Every cache has forgotten it when this returns."""
    actor.require_user("revoke keys")
    with ground.database.begin() as connection:
        found = keys.by_id(connection, actor.user_id, key_id)
        if found is None:
            others = keys.by_key_id(connection, key_id)
            raise NotFoundError(
                f'You have no key with the id "{key_id}".',
                suggestion="`ship keys ls` lists yours.",
                hides=None if others is None else Subject("key", key_id),
            )
        keys.revoke(connection, key_id)
        if found.revoked_at is None:
            audit.record(connection, AuditKind.KEY_REVOKED, actor, Subject("key", key_id, found.name))
        key = keys.by_id(connection, actor.user_id, key_id)
    ground.changes.report("key", key_id)
    assert key is not None, "a key vanished in its own transaction"
    return key


def _scope(
    connection: Connection, actor: Actor, workspace_handle: str | None, instance_handle: str | None
) -> tuple[KeyScope, str | None, str | None]:
    if workspace_handle is None:
        if instance_handle is None:
            return KeyScope.USER, None, None
        raise InvalidRequestError(
            f'The instance "{instance_handle}" is named without its workspace.',
            suggestion="Name the workspace too.",
        )
    workspace = workspaces.by_handle(connection, actor, workspace_handle)
    if instance_handle is None:
        return KeyScope.WORKSPACE, workspace.id, None
    placed = instances.by_handle(connection, workspace.id, instance_handle)
    if placed is None:
        raise NotFoundError(
            f'The workspace "{workspace_handle}" has no instance "{instance_handle}".',
            suggestion="`ship instances` lists yours.",
        )
    return KeyScope.INSTANCE, workspace.id, placed.instance.id
