"""The audit trail in tests: its lines, whether it is whole, and how somebody with the database's password changes it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, text

from steamship_engine.control.ground import Ground
from steamship_engine.model.audit import (
    AuditActor,
    AuditActorKind,
    AuditEvent,
    AuditKind,
    AuditLine,
    Source,
    Subject,
)
from steamship_engine.model.identifiers import new_id
from steamship_engine.store import audit
from steamship_engine.store.audit import AuditFilter, every
from steamship_engine.store.audit_check import Broken, Verdict, check
from steamship_engine.store.database import Database

FROM = Source("192.0.2.9", "R-7")
"""Where the requests of these tests come from."""
CANARIES = ("canary-42", "canary-43")
"""A secret, and another value of a config, that may stand in no line."""
ALICE = AuditActor(AuditActorKind.USER, "0A9C3B54-5D2E-4F61-8A77-1B2C3D4E5F60", "alice", new_id())
BEGUN = datetime(2021, 1, 1, tzinfo=UTC)
_TRIGGERS = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": "SELECT tgname, tgrelid::regclass FROM pg_trigger WHERE NOT tgisinternal",
}


def lines(database: Database, kind: AuditKind | None = None) -> list[AuditLine]:
    """All lines, or those of a kind, oldest first."""
    with database.read() as connection:
        return list(every(connection, AuditFilter(kind=kind)))


def told(ground: Ground, kind: AuditKind | None = None) -> list[AuditLine]:
    """The same after what was refused has been written."""
    ground.refusals.flush(all_of_it=True)
    return lines(ground.database, kind)


def newest(ground: Ground, kind: AuditKind) -> AuditLine:
    """The last line of that kind."""
    return told(ground, kind)[-1]


def kinds(ground: Ground) -> list[str]:
    """The kinds of all lines, oldest first."""
    return [line.kind.value for line in told(ground)]


def event(number: int = 0, **more: object) -> AuditEvent:
    """A key that Alice made, so many days after `BEGUN`."""
    values = {
        "kind": AuditKind.KEY_MADE,
        "by": ALICE,
        "source": Source("192.0.2.7", f"R-{number}"),
        "subject": Subject("key", new_id(), f"key {number}"),
        "detail": {"scope": "user"},
        "at": BEGUN + timedelta(days=number),
    }
    return AuditEvent(**{**values, **more})


def write_lines(database: Database, count: int, start: int = 1) -> None:
    """So many lines, one a transaction."""
    for number in range(start, start + count):
        with database.begin() as connection:
            audit.append(connection, event(number))


def verdict(database: Database) -> Verdict:
    """Whether the trail is whole."""
    with database.read() as connection:
        return check(connection)


def broken(database: Database) -> Broken | None:
    """What is wrong with it."""
    return verdict(database).broken


def text_of(database: Database) -> str:
    """All that stands in any line."""
    return "\n".join(repr(astuple(line)) for line in lines(database))


@contextmanager
def tampering(database: Database) -> Iterator[Connection]:
    """A transaction in which nothing keeps anybody from changing lines: the triggers are dropped first."""
    dialect = database.engine.dialect.name
    with database.begin() as connection:
        for name, *table in connection.execute(text(_TRIGGERS[dialect])).all():
            on = f" ON {table[0]}" if table else ""
            connection.execute(text(f"DROP TRIGGER {name}{on}"))
        yield connection
