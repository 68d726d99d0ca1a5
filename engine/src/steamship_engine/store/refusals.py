"""Refusals on their way into the audit trail: counted where they are alike, and written in batches by a thread.

Anybody can be refused as often as they like, so what is kept of it is bounded: in memory, and in lines. So are changes that
a package's code makes again and again: the first has its line in its transaction, the like of it are counted here.
"""

from __future__ import annotations

import ipaddress
import logging
import threading
import time
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

from steamship_engine.model.audit import (
    ENGINE,
    NOWHERE,
    AuditActor,
    AuditActorKind,
    AuditEvent,
    AuditKind,
    AuditOutcome,
)
from steamship_engine.model.limits import AUDIT, AuditLimits
from steamship_engine.store import audit
from steamship_engine.store.database import Database, outage

_log = logging.getLogger(__name__)

ALIKE = {"more": True}
"""The detail of a line that counts different refusals of one kind, of which there were too many of one source or of all."""
_LOST = AuditEvent(AuditKind.REFUSALS_LOST, ENGINE, outcome=AuditOutcome.REFUSED)


@dataclass
class _Tally:
    """The like of one refusal in this window, and how many of them are written."""

    event: AuditEvent
    count: int = 0
    written: int = 0


class Refusals:
    """The refusals of an engine. `add` may be called from anywhere and blocks on no database."""

    def __init__(self, database: Database, limits: AuditLimits = AUDIT) -> None:
        """On the state's database: changes and refusals are one chain."""
        self._database, self._limits = database, limits
        self._lock, self._writing = threading.Lock(), threading.Lock()
        self._some, self._ending = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None
        self._tallies: dict[Hashable, _Tally] = {}
        self._changes: dict[Hashable, _Tally] = {}
        self._of_source: Counter[Hashable] = Counter()
        self._of_all: Counter[tuple[AuditKind, AuditActorKind]] = Counter()
        self._window_ends = time.monotonic() + limits.window

    def start(self) -> None:
        """Write in the background from here on."""
        self._thread = threading.Thread(target=self._write_on, name="refusals", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Write what is left, and end."""
        self._ending.set()
        self._some.set()
        if self._thread is not None:
            self._thread.join()
        self.flush(all_of_it=True)

    def add(self, event: AuditEvent) -> None:
        """Keep a refusal, or count it where the like of it is kept already, above the bounds all that is alike in less."""
        with self._lock:
            self._tally(event).count += 1
        self._some.set()

    def has_change(self, change: AuditEvent) -> bool:
        """Whether the like of a change has been counted in this window, so that one more need not have a line at once."""
        with self._lock:
            return _likeness(change) in self._changes

    def count_change(self, change: AuditEvent, *, told: bool) -> None:
        """Count a change that was committed; one that was `told` has its line, and those like it are then counted."""
        likeness = _likeness(change)
        with self._lock:
            tally = self._changes.get(likeness)
            if tally is None:
                if told and len(self._changes) >= self._limits.changes:
                    return
                tally = self._changes[likeness] = _Tally(change)
            tally.count += 1
            tally.written += told
        self._some.set()

    def flush(self, *, all_of_it: bool = False) -> None:
        """Write what has no line yet; when the window is over, or for `all_of_it`, also how often it came again.

        Blocking. Raises nothing: what cannot be written waits, and the log says why.
        """
        with self._writing:
            over = all_of_it or time.monotonic() >= self._window_ends
            with self._lock:
                due = [
                    (tally, tally.count - tally.written)
                    for tally in (*self._tallies.values(), *self._changes.values())
                    if tally.written == 0 or (over and tally.count > tally.written)
                ]
            try:
                self._write(due)
            except Exception as error:
                trace = error if outage(error) is None else None
                _log.error(
                    "%d refusals cannot be written to the audit trail yet: %s",
                    len(due),
                    error,
                    exc_info=trace,
                )
                return
            if over:
                with self._lock:
                    self._begin_window()

    def _tally(self, event: AuditEvent) -> _Tally:
        """Where the refusal counts: by itself, above a source's bound with its like, above all bounds with its kind."""
        whose, source, likeness = _whose(event), _source(event), _likeness(event)
        if likeness not in self._tallies and self._of_source[source] >= self._limits.source:
            # One for all the rest of it: the source may have as many addresses as it likes.
            event, likeness = replace(event, subject=None, detail=ALIKE), (*whose, source)
        if likeness not in self._tallies and self._of_all[whose] >= self._limits.all:
            nobody_more = AuditActor(event.by.kind)
            event = replace(event, by=nobody_more, source=NOWHERE, subject=None, detail=ALIKE)
            likeness = whose
        tally = self._tallies.get(likeness)
        if tally is None:
            self._of_all[whose] += 1
            self._of_source[source] += 1
            tally = self._tallies[likeness] = _Tally(event)
        return tally

    def _write(self, due: Sequence[tuple[_Tally, int]]) -> None:
        """Write all that is due together, or where something of it is wrong each by itself."""
        if not due:
            return
        try:
            self._append(due)
        except Exception as error:
            if outage(error) is not None:
                raise
            for tally, times in due:
                self._write_one(tally, times)

    def _write_one(self, tally: _Tally, times: int) -> None:
        try:
            self._append([(tally, times)])
        except Exception as error:
            if outage(error) is not None:
                raise
            # Where the trail takes this line instead, it is the refusal that it does not take. It keeps no other one out.
            self._append([(_Tally(_LOST), times)])
            _log.error(
                'A refusal "%s" is lost, for the audit trail does not take it.',
                tally.event.kind,
                exc_info=error,
            )
            with self._lock:
                tally.written += times

    def _append(self, due: Sequence[tuple[_Tally, int]]) -> None:
        with self._database.begin() as connection:
            for tally, times in due:
                audit.append(connection, replace(tally.event, times=times))
        with self._lock:
            for tally, times in due:
                tally.written += times

    def _begin_window(self) -> None:
        """Forget what is written; what came meanwhile is the new window's first."""
        self._changes = _unwritten(self._changes)
        self._tallies = left = _unwritten(self._tallies)
        self._of_source = Counter(_source(tally.event) for tally in left.values())
        self._of_all = Counter(_whose(tally.event) for tally in left.values())
        self._window_ends = time.monotonic() + self._limits.window

    def _write_on(self) -> None:
        while not self._ending.is_set():
            self._some.wait(self._limits.window)
            self._some.clear()
            self._ending.wait(self._limits.every)
            self.flush()


def _unwritten(tallies: dict[Hashable, _Tally]) -> dict[Hashable, _Tally]:
    return {key: tally for key, tally in tallies.items() if tally.count > tally.written}


def _likeness(event: AuditEvent) -> Hashable:
    """What two refusals have in common that are counted together: all but moment and request."""
    detail = tuple(sorted((name, str(value)) for name, value in event.detail.items()))
    return (event.kind, event.by, event.source.address, event.subject, event.outcome, detail)


def _whose(event: AuditEvent) -> tuple[AuditKind, AuditActorKind]:
    """What is bounded together, so that no flood of one kind, or of strangers', hides what else was refused."""
    return event.kind, event.by.kind


def _source(event: AuditEvent) -> Hashable:
    """Who is behind a refusal: the actor, of a package's code the user whose it is, else the network that it came from."""
    by = event.by
    who = by.handle or by.id if by.kind is AuditActorKind.WORKER else by.id
    return (by.kind, who or _network(event.source.address))


def _network(address: str | None) -> str | None:
    """An IPv6 host has a whole /64 to come from."""
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:
        return address
    if parsed.version == 6:
        # What listens on `::` sees IPv4 clients as ::ffff:192.0.2.1.
        parsed = parsed.ipv4_mapped or parsed
    if parsed.version == 4:
        return str(parsed)
    return str(ipaddress.ip_network((int(parsed), 64), strict=False))
