"""Users: who owns packages and workspaces."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from steamship_engine.model.handles import folded
from steamship_engine.model.nouns import User
from steamship_engine.store import rows
from steamship_engine.store.columns import now
from steamship_engine.store.schema import users


def insert(connection: Connection, *, user_id: str, handle: str, is_admin: bool) -> None:
    """Add a user; IntegrityError when the handle is taken."""
    moment = now()
    connection.execute(
        users.insert().values(
            id=user_id,
            created_at=moment,
            updated_at=moment,
            handle=handle,
            handle_key=folded(handle),
            is_admin=is_admin,
        )
    )


def by_id(connection: Connection, user_id: str) -> User | None:
    """The user with that id."""
    return rows.first(connection, User, select(users).where(users.c.id == user_id))


def by_handle(connection: Connection, handle: str) -> User | None:
    """The user with that handle."""
    return rows.first(connection, User, select(users).where(users.c.handle_key == folded(handle)))


def count(connection: Connection) -> int:
    """How many users there are."""
    return connection.scalar(select(func.count()).select_from(users)) or 0


def rename(connection: Connection, user_id: str, handle: str) -> None:
    """Give the user another handle; IntegrityError when it is taken."""
    connection.execute(
        users.update()
        .where(users.c.id == user_id)
        .values(handle=handle, handle_key=folded(handle), updated_at=now())
    )
