"""The tables of records: what is said, and, once for many of them, whose it is.

A busy instance writes thousands of records a second that differ in little: their origin stands in a table of its own.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    delete,
    exists,
    insert,
    inspect,
    select,
    text,
)

from steamship_engine.store.columns import Instant, Prose, Seq
from steamship_engine.store.database import Database
from steamship_engine.store.rows import batched

_ADVISORY_LOCK = 0x5EA5_4171

metadata = MetaData()

origins = Table(
    "record_origins",
    metadata,
    Column("id", Seq, primary_key=True, autoincrement=True),
    Column("user_id", String(36), nullable=False),
    Column("workspace_id", String(36), nullable=False),
    Column("instance_id", String(36), nullable=False),
    Column("package_handle", Text, nullable=False),
    Column("version_handle", Text, nullable=False),
    Column("instance_handle", Text, nullable=False),
    Column("author_id", String(36), nullable=False),
    Column("author_handle", Text, nullable=False),
    Index("ix_record_origins_workspace_id", "workspace_id"),
    Index("ix_record_origins_instance_id", "instance_id"),
    # A number is nobody else's later.
    sqlite_autoincrement=True,
)

entries = Table(
    "record_entries",
    metadata,
    Column("seq", Seq, primary_key=True, autoincrement=True),
    Column("origin_id", Seq, nullable=False),
    Column("at", Instant, nullable=False),
    Column("component", Text, nullable=False),
    Column("level", Text, nullable=False),
    Column("message", Prose, nullable=False),
    Column("request_id", Text),
    Column("verb", Text),
    Column("path", Prose),
    Column("status", Integer),
    Column("elapsed_s", Float),
    Index("ix_record_entries_origin_id_seq", "origin_id", "seq"),
)

ORIGIN = [column for column in origins.columns if column.name != "id"]
"""The columns of an origin, in their order."""

ENTRY = [column for column in entries.columns if column.name != "seq"]
"""The columns of an entry but its number, in their order."""

_BEFORE = "records"
"""The table of engines until November 2026: a row had all of its origin."""


def prepare(database: Database) -> None:
    """Make the tables that are not there; what is in the one of before moves."""
    with database.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _ADVISORY_LOCK})
        metadata.create_all(connection)
        if inspect(connection).has_table(_BEFORE):
            _move(connection)


def id_of(connection: Connection, values: tuple[str, ...]) -> int:
    """The number of the origin with these values of `ORIGIN`; it is made where it is not there."""
    same = [column == value for column, value in zip(ORIGIN, values, strict=True)]
    query = select(origins.c.id).where(*same).limit(1).with_for_update(read=True)
    found: int | None = connection.execute(query).scalar_one_or_none()
    if found is None:
        row: dict[str, Any] = {column.name: value for column, value in zip(ORIGIN, values, strict=True)}
        found = int(connection.execute(insert(origins).values(row).returning(origins.c.id)).scalar_one())
    return found


def still_there(connection: Connection, ids: Collection[int]) -> set[int]:
    """Which of the origins there are; those stay at least until the transaction ends."""
    if not ids:
        return set()
    query = select(origins.c.id).where(origins.c.id.in_(ids)).with_for_update(read=True)
    return set(connection.execute(query).scalars())


def remove_unused_origins(connection: Connection) -> None:
    """Remove the origins of which nothing is left."""
    unused = ~exists().where(entries.c.origin_id == origins.c.id)
    locked = select(origins.c.id).where(unused).with_for_update(skip_locked=True)
    ids = connection.execute(locked).scalars().all()
    # Looked at again: another engine may have used one until it was locked.
    for some in batched(ids):
        connection.execute(delete(origins).where(origins.c.id.in_(some), unused))


def remove_workspace(connection: Connection, workspace_id: str) -> None:
    """Remove all records of a workspace, and what other engines are about to add to them."""
    own = select(origins.c.id).where(origins.c.workspace_id == workspace_id).with_for_update()
    for some in batched(connection.execute(own).scalars().all()):
        connection.execute(delete(entries).where(entries.c.origin_id.in_(some)))
        connection.execute(delete(origins).where(origins.c.id.in_(some)))


def _move(connection: Connection) -> None:
    """Engines of before and of now may take turns on one database, so some of the origins may be there."""
    names = ", ".join(column.name for column in ORIGIN)
    rest = ", ".join(column.name for column in ENTRY if column.name != "origin_id")
    same = " AND ".join(f"o.{column.name} = r.{column.name}" for column in ORIGIN)
    known = f"SELECT MIN(id) AS id, {names} FROM {origins.name} GROUP BY {names}"  # noqa: S608  # our own names
    there = f"SELECT 1 FROM {origins.name} o WHERE {same}"  # noqa: S608
    lacking = f"SELECT DISTINCT {names} FROM {_BEFORE} r WHERE NOT EXISTS ({there})"  # noqa: S608
    lines = f"SELECT o.id, {rest} FROM {_BEFORE} r JOIN ({known}) o ON {same} ORDER BY r.seq"  # noqa: S608
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"LOCK TABLE {_BEFORE} IN EXCLUSIVE MODE")
    for statement in (
        f"INSERT INTO {origins.name} ({names}) {lacking}",
        f"INSERT INTO {entries.name} (origin_id, {rest}) {lines}",
        f"DROP TABLE {_BEFORE}",
    ):
        connection.exec_driver_sql(statement)
