"""Login attempts: found by the hash of their token, and gone once their key was fetched."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, select

from steamship_engine.model.nouns import LoginAttempt
from steamship_engine.store import rows
from steamship_engine.store.columns import now
from steamship_engine.store.schema import login_attempts as table


def insert(connection: Connection, *, attempt_id: str, digest: bytes, expires_at: datetime) -> None:
    """Add an attempt that nobody has approved yet."""
    connection.execute(
        table.insert().values(
            id=attempt_id, created_at=now(), digest=digest, expires_at=expires_at, refused_keys=0
        )
    )


def by_digest(connection: Connection, digest: bytes) -> LoginAttempt | None:
    """The attempt with that token, expired ones too."""
    return rows.first(connection, LoginAttempt, select(table).where(table.c.digest == digest))


def approve(connection: Connection, attempt_id: str, key_id: str, client: str) -> bool:
    """Note the key that approved it; False where one has already."""
    done = connection.execute(
        table.update()
        .where(table.c.id == attempt_id, table.c.key_id.is_(None))
        .values(key_id=key_id, client=client)
    )
    return done.rowcount == 1


def count_refused_key(connection: Connection, attempt_id: str) -> None:
    """Count a key that opened nothing."""
    connection.execute(
        table.update().where(table.c.id == attempt_id).values(refused_keys=table.c.refused_keys + 1)
    )


def take(connection: Connection, attempt_id: str) -> bool:
    """Remove it; False where another transaction was first."""
    return connection.execute(table.delete().where(table.c.id == attempt_id)).rowcount == 1


def remove_ended(connection: Connection, *, before: datetime, keep: int) -> None:
    """Remove those that expired before that moment, and the oldest unapproved ones above `keep`."""
    connection.execute(table.delete().where(table.c.expires_at <= before))
    oldest = (
        select(table.c.seq)
        .where(table.c.key_id.is_(None))
        .order_by(table.c.seq.desc())
        .offset(keep)
        .limit(1)
        .scalar_subquery()
    )
    connection.execute(delete(table).where(table.c.seq <= oldest, table.c.key_id.is_(None)))
