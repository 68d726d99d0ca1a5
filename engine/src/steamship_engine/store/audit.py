"""The audit trail's lines: appended to one chain, listed, pruned by the operator."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass
from datetime import datetime
from functools import cache
from typing import Self

from sqlalchemy import ColumnElement, Connection, delete, func, select

from steamship_engine.model.audit import AuditEvent, AuditKind, AuditLine, Subject
from steamship_engine.model.limits import AUDIT
from steamship_engine.model.secrecy import without_secrets
from steamship_engine.store import rows
from steamship_engine.store.columns import microseconds, storable
from steamship_engine.store.database import before_commit
from steamship_engine.store.schema import audit, audit_chain

_NOTED = re.compile(r"([0-9]{1,18}):([0-9a-f]{64})", re.ASCII)
CHAINED = tuple(column.name for column in audit.columns if column.name != "hash")
"""The columns that a line's hash is made of, in their order."""
_IDS = {"actor_id", "key_id", "subject_id"}
_ID = 36


@dataclass(frozen=True)
class Head:
    """A line's place in the chain: who notes one down elsewhere can ask later whether the trail still has it."""

    seq: int
    hash: str

    def __str__(self) -> str:
        """As it is noted down, and read again by `Head.read`."""
        return f"{self.seq}:{self.hash}"

    @classmethod
    def read(cls, text: str) -> Self:
        """The head that was noted as `text`. ValueError for what is none."""
        found = _NOTED.fullmatch(text)
        if found is None:
            raise ValueError("it is a line's number and hash as `ship admin audit verify` prints them")
        return cls(int(found[1]), found[2])


@dataclass(frozen=True)
class Chain:
    """Between what the trail's lines lie: the last one that was pruned, and the last one there is."""

    pruned: Head
    last: Head


@dataclass(frozen=True)
class AuditFilter:
    """Which lines are wanted: those with each of these that is not None.

    `kind` is a kind, or the part of it before the dot. `actor` and `subject` are ids or handles.
    """

    since: datetime | None = None
    until: datetime | None = None
    kind: str | None = None
    actor: str | None = None
    subject: str | None = None


def append(connection: Connection, event: AuditEvent) -> None:
    """Have the transaction add a line to the trail when it commits; it fails where that fails."""
    before_commit(connection, _write, event)


def chain(connection: Connection) -> Chain | None:
    """The chain's two ends; None where somebody has removed them."""
    row = connection.execute(select(audit_chain)).first()
    if row is None:
        return None
    return Chain(Head(row.pruned_seq, row.pruned_hash), Head(row.last_seq, row.last_hash))


def hold(connection: Connection) -> Head:
    """The last line, behind which nobody else puts one before this transaction ends."""
    # SQLite has one writer anyway.
    lock = " FOR UPDATE" if connection.dialect.name == "postgresql" else ""
    row = connection.exec_driver_sql(f"SELECT last_seq, last_hash FROM audit_chain{lock}").first()  # noqa: S608  # our own words
    assert row is not None, "somebody has removed the audit trail's chain"
    return Head(*row)


def chained(previous: str, line: Sequence[str | int | None]) -> str:
    """The hash of a line that follows the one with the hash `previous`: its columns in `CHAINED`, moments in microseconds."""
    return hashlib.sha256(json.dumps([previous, *line], separators=(",", ":")).encode()).hexdigest()


def newest(connection: Connection, wanted: AuditFilter, most: int) -> list[AuditLine]:
    """The newest lines wanted, oldest first."""
    query = select(audit).where(*_conditions(wanted)).order_by(audit.c.seq.desc()).limit(most)
    return rows.every(connection, AuditLine, query)[::-1]


def every(connection: Connection, wanted: AuditFilter, page: int = AUDIT.page) -> Iterator[AuditLine]:
    """All lines wanted, oldest first, read by and by."""
    query = select(audit).where(*_conditions(wanted)).order_by(audit.c.seq).limit(page)
    found = rows.every(connection, AuditLine, query)
    while found:
        yield from found
        found = rows.every(connection, AuditLine, query.where(audit.c.seq > found[-1].seq))


def last_before(connection: Connection, moment: datetime) -> Head | None:
    """The last line before the first that is not older than `moment`; None where none is older."""
    first_kept = select(func.min(audit.c.seq)).where(audit.c.at >= moment).scalar_subquery()
    older = select(audit.c.seq, audit.c.hash).where(audit.c.seq < func.coalesce(first_kept, _BEYOND))
    row = connection.execute(older.order_by(audit.c.seq.desc()).limit(1)).first()
    return None if row is None else Head(row.seq, row.hash)


def prune(connection: Connection, through: Head, page: int = AUDIT.page) -> int:
    """Remove a page of the lines up to that one, the oldest; how many they were, 0 where none was left.

    The first that stays follows the last that went, so the trail is whole after each page.
    """
    hold(connection)
    ends = chain(connection)
    assert ends is not None, "somebody has removed the audit trail's chain"
    seq = min(ends.pruned.seq + page, through.seq)
    if seq <= ends.pruned.seq:
        return 0
    digest = connection.execute(select(audit.c.hash).where(audit.c.seq == seq)).scalar_one()
    connection.execute(audit_chain.update().values(pruned_seq=seq, pruned_hash=digest))
    return connection.execute(delete(audit).where(audit.c.seq <= seq)).rowcount


_BEYOND = 2**62


def _write(connection: Connection, events: Sequence[AuditEvent]) -> None:
    last = hold(connection)
    lines = []
    for event in events:
        line = _line(last.seq + 1, event)
        last = Head(last.seq + 1, chained(last.hash, line))
        lines.append((*line, last.hash))
    # Written out: every change waits for this, and to have it made of parts takes longer than to do it.
    mark = "?" if connection.dialect.name == "sqlite" else "%s"
    connection.exec_driver_sql(_insert(mark), lines)
    connection.exec_driver_sql(f"UPDATE audit_chain SET last_seq = {mark}, last_hash = {mark}", astuple(last))  # noqa: S608  # our own words


@cache
def _insert(mark: str) -> str:
    names = (*CHAINED, "hash")
    return f"INSERT INTO audit ({', '.join(names)}) VALUES ({', '.join([mark] * len(names))})"  # noqa: S608  # our own names


def _line(seq: int, event: AuditEvent) -> tuple[str | int | None, ...]:
    """The columns of `CHAINED`. Whatever stands in them, no key does, and PostgreSQL takes it."""
    by, source, subject = event.by, event.source, event.subject or Subject("")
    line = (
        seq,
        microseconds(event.at),
        event.kind.value,
        event.outcome.value,
        event.times,
        by.kind.value,
        by.id,
        by.handle,
        by.key_id,
        source.address,
        source.request_id,
        subject.noun or None,
        subject.id,
        subject.handle,
        json.dumps(dict(event.detail), separators=(",", ":"), sort_keys=True),
    )
    shown = (_shown(value) if isinstance(value, str) else value for value in line)
    return tuple(
        value[:_ID] if isinstance(value, str) and name in _IDS else value
        for name, value in zip(CHAINED, shown, strict=True)
    )


def _shown(text: str) -> str:
    return storable(without_secrets(text, {}))


def _conditions(wanted: AuditFilter) -> Iterator[ColumnElement[bool]]:
    if wanted.since is not None:
        yield audit.c.at >= wanted.since
    if wanted.until is not None:
        yield audit.c.at < wanted.until
    if wanted.kind is not None:
        kinds = [kind for kind in AuditKind if wanted.kind in {kind.value, kind.value.partition(".")[0]}]
        yield audit.c.kind.in_([kind.value for kind in kinds])
    if wanted.actor is not None:
        yield (audit.c.actor_id == wanted.actor) | (audit.c.actor_handle == wanted.actor)
    if wanted.subject is not None:
        yield (audit.c.subject_id == wanted.subject) | (audit.c.subject_handle == wanted.subject)
