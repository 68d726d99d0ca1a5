"""Keys: hashed, found by a short lookup id; and whom a worker's key acts for."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select

from steamship_engine.model.nouns import Key, User
from steamship_engine.model.states import KeyScope
from steamship_engine.store import rows
from steamship_engine.store.columns import now
from steamship_engine.store.schema import instances, keys, users


def insert(
    connection: Connection,
    *,
    key_id: str,
    user_id: str,
    name: str,
    lookup: str,
    digest: bytes,
    scope: KeyScope,
    workspace_id: str | None,
    instance_id: str | None,
    expires_at: datetime | None,
) -> None:
    """Add a key; IntegrityError when its lookup id is taken."""
    connection.execute(
        keys.insert().values(
            id=key_id,
            created_at=now(),
            user_id=user_id,
            name=name,
            lookup=lookup,
            digest=digest,
            scope=scope.value,
            workspace_id=workspace_id,
            instance_id=instance_id,
            expires_at=expires_at,
        )
    )


def by_lookup(connection: Connection, lookup: str) -> Key | None:
    """The key with that lookup id, revoked and expired ones too."""
    return rows.first(connection, Key, select(keys).where(keys.c.lookup == lookup))


def by_id(connection: Connection, user_id: str, key_id: str) -> Key | None:
    """The user's key with that id."""
    query = select(keys).where(keys.c.user_id == user_id, keys.c.id == key_id)
    return rows.first(connection, Key, query)


def by_key_id(connection: Connection, key_id: str) -> Key | None:
    """The key with that id, whoever's it is."""
    return rows.first(connection, Key, select(keys).where(keys.c.id == key_id))


def listed(connection: Connection, user_id: str, paging: rows.Paging) -> rows.Page[Key]:
    """The user's keys, revoked ones too."""
    return rows.page(connection, Key, keys, select(keys).where(keys.c.user_id == user_id), paging)


def revoke(connection: Connection, key_id: str) -> None:
    """End the key now; a second time changes nothing."""
    connection.execute(
        keys.update().where(keys.c.id == key_id, keys.c.revoked_at.is_(None)).values(revoked_at=now())
    )


def touch(connection: Connection, key_id: str, moment: datetime) -> None:
    """Record that the key was used."""
    connection.execute(keys.update().where(keys.c.id == key_id).values(last_used_at=moment))


def owner_of_instance(
    connection: Connection, instance_id: str, workspace_id: str, user_id: str
) -> User | None:
    """The owner, while the instance exists just there and is just theirs."""
    query = (
        select(users)
        .join(instances, instances.c.user_id == users.c.id)
        .where(
            instances.c.id == instance_id,
            instances.c.workspace_id == workspace_id,
            instances.c.user_id == user_id,
        )
    )
    return rows.first(connection, User, query)
