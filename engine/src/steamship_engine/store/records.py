"""What packages said and how they were called: tables of their own, written in batches by a thread of their own.

Nothing here shares a writer with the engine's state, so a flood of lines slows no transaction of it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import cache
from itertools import chain
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import ColumnElement, Connection, delete, func, select
from sqlalchemy.exc import SQLAlchemyError

from steamship_engine.model.config import Config
from steamship_engine.model.limits import RECORDS, RecordLimits
from steamship_engine.model.nouns import Record
from steamship_engine.model.secrecy import without_secrets
from steamship_engine.store import record_tables, rows
from steamship_engine.store.columns import now, storable
from steamship_engine.store.database import Database
from steamship_engine.store.record_tables import ENTRY, ORIGIN, entries, origins

_FORGOTTEN_REMEMBERED = 10_000
_log = logging.getLogger(__name__)


class Origin(NamedTuple):
    """Whose a record is: what all records about one instance have in common. `secrets` stand in none of them."""

    user_id: str
    workspace_id: str
    instance_id: str
    package_handle: str
    version_handle: str
    instance_handle: str
    author_id: str
    author_handle: str
    secrets: Config


class Said(msgspec.Struct, frozen=True, gc=False):
    """A record to be kept. `at` is microseconds since 1970; the other fields are as in `Record`.

    Without a `message` it is that of a call, which says how the call was answered.
    """

    origin: Origin
    at: int
    component: str
    level: str
    message: str | None
    request_id: str | None = None
    verb: str | None = None
    path: str | None = None
    status: int | None = None
    elapsed_s: float | None = None


@dataclass(frozen=True)
class Filter:
    """Which records are wanted: of one user's workspace, and with each of these values that is not None.

    Handles and levels are compared without regard to case; `message` is a part of the text.
    """

    user_id: str
    workspace_id: str
    package_handle: str | None = None
    version_handle: str | None = None
    instance_handle: str | None = None
    component: str | None = None
    level: str | None = None
    message: str | None = None
    request_id: str | None = None
    verb: str | None = None
    path: str | None = None


_ANY_CASE = ("package_handle", "version_handle", "instance_handle", "level", "verb")


class Records:
    """The records of an engine. `add` may be called from anywhere and blocks on nothing."""

    def __init__(self, database: Database, limits: RecordLimits = RECORDS) -> None:
        """On a database with the tables; `close` closes it."""
        self._database, self._limits = database, limits
        self._waiting: deque[Said] = deque()
        self._lost = 0
        self._some, self._many = threading.Event(), threading.Event()
        self._writing = threading.Lock()
        self._forgotten: dict[str, None] = {}
        self._written_to: Counter[str] = Counter()
        self._origin_ids: dict[tuple[str, ...], int] = {}
        self._thread: threading.Thread | None = None
        self._ending = False

    def start(self) -> None:
        """Write in the background from here on."""
        self._thread = threading.Thread(target=self._write_on, name="records", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Write what is left, and end."""
        self._ending = True
        self._many.set()
        self._some.set()
        if self._thread is not None:
            self._thread.join()
        self._database.close()

    def add(self, said: Said) -> None:
        """Keep a record, without keys and secrets. It is lost where too many wait to be written."""
        waiting = self._waiting
        if len(waiting) >= self._limits.waiting:
            self._lost += 1
            return
        waiting.append(said)
        if len(waiting) == 1:
            self._some.set()
        elif len(waiting) == self._limits.batch:
            self._many.set()

    def flush(self) -> None:
        """Write what waits. Blocking; what cannot be written is lost."""
        with self._writing:
            lost, self._lost = self._lost, 0
            if lost:
                _log.warning(
                    "%d records of packages came faster than they could be written and are lost", lost
                )
            # To the last: `add` rings for a record that is the first again, and for no other.
            while batch := self._taken():
                try:
                    self._write(batch)
                except SQLAlchemyError as error:
                    _log.error("%d records of packages cannot be written: %s", len(batch), error)

    def listed(self, wanted: Filter, start: int, size: int) -> tuple[list[Record], int]:
        """Records from the `start`-th on, newest first, and how many there are. What was added before is there."""
        self.flush()
        conditions = list(_conditions(wanted))
        joined = entries.join(origins, origins.c.id == entries.c.origin_id)
        with self._database.read() as connection:
            count = connection.execute(
                select(func.count()).select_from(joined).where(*conditions)
            ).scalar_one()
            query = select(*_SHOWN).select_from(joined).where(*conditions).order_by(entries.c.seq.desc())
            found = rows.every(connection, Record, query.offset(start).limit(size))
        return found, count

    def forget_workspace(self, workspace_id: str) -> None:
        """Remove a workspace's records, and keep none that come later."""
        with self._writing:
            self._forgotten[workspace_id] = None
            if len(self._forgotten) > _FORGOTTEN_REMEMBERED:
                del self._forgotten[next(iter(self._forgotten))]
            with self._database.begin() as connection:
                record_tables.remove_workspace(connection, workspace_id)

    def prune(self) -> None:
        """Remove what is too old or too much. Blocking."""
        with self._writing, self._database.begin() as connection:
            _remove_before(connection, now() - timedelta(seconds=self._limits.keep))
            newest = connection.execute(select(func.max(entries.c.seq))).scalar_one() or 0
            connection.execute(delete(entries).where(entries.c.seq <= newest - self._limits.all))
            for instance_id in self._written_to:
                _keep_newest(connection, instance_id, self._limits.instance)
            self._written_to.clear()
            record_tables.remove_unused_origins(connection)

    def _taken(self) -> list[Said]:
        """The first of those that wait."""
        waiting = self._waiting
        return [waiting.popleft() for _ in range(min(len(waiting), self._limits.batch))]

    def _write(self, batch: list[Said]) -> None:
        kept = [said for said in batch if said.origin.workspace_id not in self._forgotten]
        # Most records of a batch have one origin, the same object: it is looked at once.
        by_object = {id(said.origin): said.origin for said in kept}
        with self._database.begin() as connection:
            ids = self._ids_of(connection, (origin[:-1] for origin in by_object.values()))
            numbers = {one: ids[origin[:-1]] for one, origin in by_object.items()}
            mark = "?" if connection.dialect.name == "sqlite" else "%s"
            for start in range(0, len(kept), _ROWS_AT_ONCE):
                some = [_row(said, numbers[id(said.origin)]) for said in kept[start : start + _ROWS_AT_ONCE]]
                connection.exec_driver_sql(_insert(len(some), mark), tuple(chain.from_iterable(some)))
            for instance_id, written in Counter(said.origin.instance_id for said in kept).items():
                self._written_to[instance_id] += written
                # A flood is cut while it comes: to remove all of it at once would hold up those after it.
                if self._written_to[instance_id] > self._limits.instance // 4:
                    _keep_newest(connection, instance_id, self._limits.instance)
                    self._written_to[instance_id] = 0

    def _ids_of(
        self, connection: Connection, wanted: Iterable[tuple[str, ...]]
    ) -> dict[tuple[str, ...], int]:
        """The numbers of origins. Those of the last batch are remembered, and count if they are still there."""
        distinct = dict.fromkeys(wanted)
        known = {values: self._origin_ids[values] for values in distinct if values in self._origin_ids}
        there = record_tables.still_there(connection, known.values())
        ids = {values: number for values, number in known.items() if number in there}
        for values in distinct:
            if values not in ids:
                ids[values] = record_tables.id_of(connection, values)
        self._origin_ids = ids
        return ids

    def _write_on(self) -> None:
        """Until the end: write what came within a moment of the first, or a batch of it; prune now and then."""
        pruned = -float(self._limits.prune)
        while not self._ending:
            self._some.wait(self._limits.prune)
            if self._waiting:
                self._many.wait(self._limits.every)
            self._some.clear()
            self._many.clear()
            self.flush()
            if time.monotonic() - pruned >= self._limits.prune:
                pruned = time.monotonic()
                try:
                    self.prune()
                except SQLAlchemyError as error:
                    _log.error("old records of packages cannot be removed: %s", error)
        self.flush()


@cache
def _insert(rows: int, mark: str) -> str:
    """One statement for many rows: between two, the thread would have to wait for its turn again."""
    names = ", ".join(column.name for column in ENTRY)
    values = f"({', '.join([mark] * len(ENTRY))})"
    return f"INSERT INTO {entries.name} ({names}) VALUES {', '.join([values] * rows)}"  # noqa: S608  # our own names


_ROWS_AT_ONCE = 250
_SHOWN = [entries.c.seq, *ORIGIN, *(column for column in ENTRY if column is not entries.c.origin_id)]
_COLUMNS = {column.name: column for column in _SHOWN}


def _row(said: Said, origin_id: int) -> tuple[Any, ...]:
    """The values of `ENTRY`."""
    secrets, path, elapsed_s = said.origin.secrets, said.path, said.elapsed_s
    if path is not None:
        path = storable(without_secrets(path, secrets))
    if elapsed_s is not None:
        elapsed_s = round(elapsed_s, 6)
    if said.message is not None:
        message = storable(without_secrets(said.message, secrets))
    else:
        message = f"{said.verb} {path} {said.status} in {(elapsed_s or 0) * 1000:.1f} ms"
    call = (said.request_id, said.verb, path, said.status, elapsed_s)
    return (origin_id, said.at, said.component, said.level, message, *call)


def _conditions(wanted: Filter) -> Iterable[ColumnElement[bool]]:
    for name, value in asdict(wanted).items():
        column = _COLUMNS[name]
        if value is None:
            continue
        if name == "message":
            yield column.contains(value, autoescape=True)
        elif name in _ANY_CASE:
            yield func.lower(column) == value.lower()
        else:
            yield column == value


def _remove_before(connection: Connection, moment: datetime) -> None:
    """Remove what is older. Records stand in the order in which they came, but for those of one moment."""
    first_kept = select(entries.c.seq).where(entries.c.at >= moment).order_by(entries.c.seq).limit(1)
    kept = connection.execute(first_kept).scalar_one_or_none()
    too_old = entries.c.at < moment
    connection.execute(delete(entries).where(too_old if kept is None else entries.c.seq < kept))


def _keep_newest(connection: Connection, instance_id: str, most: int) -> None:
    ids = connection.execute(select(origins.c.id).where(origins.c.instance_id == instance_id)).scalars().all()
    own = entries.c.origin_id.in_(ids)
    first_too_many = select(entries.c.seq).where(own).order_by(entries.c.seq.desc()).offset(most).limit(1)
    last = connection.execute(first_too_many).scalar_one_or_none()
    if last is not None:
        connection.execute(delete(entries).where(own, entries.c.seq <= last))
