"""Whether the audit trail is whole: every line follows from the one before it, and none is missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, select

from steamship_engine.model.audit import AuditKind
from steamship_engine.model.limits import AUDIT
from steamship_engine.store.audit import CHAINED, AuditFilter, Chain, Head, chain, chained, newest
from steamship_engine.store.columns import microseconds
from steamship_engine.store.schema import audit

_BEFORE_ALL = -(2**62)


@dataclass(frozen=True)
class Broken:
    """The first line that is wrong, and why, as a sentence's end."""

    seq: int
    why: str


@dataclass(frozen=True)
class Verdict:
    """Where the trail begins and ends, how many lines it has, and what is wrong with it, if anything is."""

    first: int
    last: Head
    lines: int
    broken: Broken | None = None


def check(connection: Connection, noted: Head | None = None, page: int = AUDIT.page) -> Verdict:
    """Read the whole trail. `noted` is a head of earlier, which must be on it, and not pruned. The connection is a fresh one of `read`."""
    if connection.dialect.name == "postgresql":
        # Each page sees what the first one saw; on SQLite that is so anyway.
        connection.execution_options(isolation_level="REPEATABLE READ")
    ends = chain(connection)
    if ends is None:
        return Verdict(0, Head(0, ""), 0, Broken(0, "the chain's two ends are gone"))
    walk = _Walk(ends, noted)
    after = _BEFORE_ALL
    while walk.broken is None:
        query = select(audit).where(audit.c.seq > after).order_by(audit.c.seq).limit(page)
        lines = connection.execute(query).all()
        if not lines:
            break
        for line in lines:
            walk.step(line)
        after = lines[-1].seq
    broken = walk.broken or walk.end() or _unaccounted(connection, ends)
    return Verdict(ends.pruned.seq + 1, ends.last, walk.lines, broken)


class _Walk:
    """From the chain's one end to the other."""

    def __init__(self, ends: Chain, noted: Head | None) -> None:
        self._ends, self._noted = ends, noted
        self._at = ends.pruned
        self.lines = 0
        self.broken = self._beyond_reach() or self._contradiction(ends.pruned)

    def step(self, line: Row[Any]) -> None:
        """One line further; nothing after the first that is wrong."""
        if self.broken is not None:
            return
        self.broken = self._wrong(line)
        self._at = Head(line.seq, line.hash)
        self.lines += 1
        self.broken = self.broken or self._contradiction(self._at)

    def end(self) -> Broken | None:
        """What is wrong behind the last line."""
        last = self._ends.last
        if self._at.seq < last.seq:
            return Broken(self._at.seq + 1, "is missing")
        if self._at.hash != last.hash:
            return Broken(last.seq, "is not the one that was appended last: it was changed")
        if self._noted is not None and self._noted.seq > last.seq:
            return Broken(last.seq + 1, f"is missing: the trail had a line {self._noted.seq}")
        return None

    def _wrong(self, line: Row[Any]) -> Broken | None:
        due = self._at.seq + 1
        if line.seq < due:
            return Broken(line.seq, "was put before the trail's beginning")
        if line.seq > self._ends.last.seq:
            return self.end() or Broken(line.seq, "was put behind the trail's end")
        if line.seq > due:
            return Broken(due, "is missing")
        if chained(self._at.hash, _values(line)) != line.hash:
            return Broken(line.seq, "does not follow from the one before it: it was changed, or that one was")
        return None

    def _beyond_reach(self) -> Broken | None:
        """Where the noted line cannot be looked at any more: nothing says that the chain is still the one it was on."""
        noted = self._noted
        if noted is None or noted.seq >= self._ends.pruned.seq:
            return None
        return Broken(
            noted.seq,
            "was pruned, so the noted one cannot be compared: note a later head, or look at the copy made before pruning",
        )

    def _contradiction(self, head: Head) -> Broken | None:
        """Where the line is another one than was noted."""
        noted = self._noted
        if noted is None or noted.seq != head.seq or noted.hash == head.hash:
            return None
        return Broken(
            head.seq, "is another one than was noted: the trail was written anew from there, or before"
        )


def _values(line: Row[Any]) -> list[str | int | None]:
    values = line._asdict() | {"at": microseconds(line.at)}
    return [values[name] for name in CHAINED]


def _unaccounted(connection: Connection, ends: Chain) -> Broken | None:
    """Where lines are gone that no line says were pruned."""
    if ends.pruned.seq == 0:
        return None
    told = newest(connection, AuditFilter(kind=AuditKind.AUDIT_PRUNED), 1)
    # A prune that was cut short has removed less than it told.
    if told and told[0].details.get("through", 0) >= ends.pruned.seq:
        return None
    return Broken(ends.pruned.seq, "is gone with those before it, and no line says that they were pruned")
