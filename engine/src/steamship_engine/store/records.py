"""What packages said and how they were called: tables of their own, written in batches by a thread of their own.

Nothing here shares a writer with the engine's state, so a flood of lines slows no transaction of it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    delete,
    func,
    select,
    text,
)
from sqlalchemy.exc import SQLAlchemyError

from steamship_engine.model.config import Config
from steamship_engine.model.limits import RECORDS, RecordLimits
from steamship_engine.model.nouns import Record
from steamship_engine.model.secrecy import without_secrets
from steamship_engine.store import rows
from steamship_engine.store.columns import Instant, Prose, Seq, now
from steamship_engine.store.database import Database

_ADVISORY_LOCK = 0x5EA5_4171
_FORGOTTEN_REMEMBERED = 10_000
_log = logging.getLogger(__name__)

metadata = MetaData()

records = Table(
    "records",
    metadata,
    Column("seq", Seq, primary_key=True, autoincrement=True),
    Column("at", Instant, nullable=False),
    Column("user_id", String(36), nullable=False),
    Column("workspace_id", String(36), nullable=False),
    Column("instance_id", String(36), nullable=False),
    Column("package_handle", Text, nullable=False),
    Column("version_handle", Text, nullable=False),
    Column("instance_handle", Text, nullable=False),
    Column("author_id", String(36), nullable=False),
    Column("author_handle", Text, nullable=False),
    Column("component", Text, nullable=False),
    Column("level", Text, nullable=False),
    Column("message", Prose, nullable=False),
    Column("request_id", Text),
    Column("verb", Text),
    Column("path", Prose),
    Column("status", Integer),
    Column("elapsed_s", Float),
    Index("ix_records_workspace_id_seq", "workspace_id", "seq"),
    Index("ix_records_instance_id_seq", "instance_id", "seq"),
    Index("ix_records_at", "at"),
)


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


def prepare(database: Database) -> None:
    """Make the tables that are not there."""
    with database.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _ADVISORY_LOCK})
        metadata.create_all(connection)


class Records:
    """The records of an engine. `add` may be called from anywhere and blocks on nothing."""

    def __init__(self, database: Database, limits: RecordLimits = RECORDS) -> None:
        """On a database with the tables; `close` closes it."""
        self._database, self._limits = database, limits
        self._waiting: list[tuple[Record, Config]] = []
        self._lost = 0
        self._bell = threading.Condition()
        self._writing = threading.Lock()
        self._forgotten: dict[str, None] = {}
        self._written_to: set[str] = set()
        self._thread: threading.Thread | None = None
        self._ending = False

    def start(self) -> None:
        """Write in the background from here on."""
        self._thread = threading.Thread(target=self._write_on, name="records", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Write what is left, and end."""
        with self._bell:
            self._ending = True
            self._bell.notify()
        if self._thread is not None:
            self._thread.join()
        self._database.close()

    def add(self, record: Record, secrets: Config) -> None:
        """Keep a record, without keys and the values of `secrets`. It is lost where too many wait to be written."""
        with self._bell:
            if len(self._waiting) >= self._limits.waiting:
                self._lost += 1
                return
            self._waiting.append((record, secrets))
            if len(self._waiting) in (1, self._limits.batch):
                self._bell.notify()

    def flush(self) -> None:
        """Write what waits. Blocking; what cannot be written is lost."""
        with self._writing:
            with self._bell:
                waiting, self._waiting = self._waiting, []
                lost, self._lost = self._lost, 0
            if lost:
                _log.warning(
                    "%d records of packages came faster than they could be written and are lost", lost
                )
            for start in range(0, len(waiting), self._limits.batch):
                batch = waiting[start : start + self._limits.batch]
                try:
                    self._write(batch)
                except SQLAlchemyError as error:
                    _log.error("%d records of packages cannot be written: %s", len(batch), error)

    def listed(self, wanted: Filter, start: int, size: int) -> tuple[list[Record], int]:
        """Records from the `start`-th on, newest first, and how many there are. What was added before is there."""
        self.flush()
        conditions = list(_conditions(wanted))
        with self._database.read() as connection:
            count = connection.execute(
                select(func.count()).select_from(records).where(*conditions)
            ).scalar_one()
            query = select(records).where(*conditions).order_by(records.c.seq.desc())
            found = rows.every(connection, Record, query.offset(start).limit(size))
        return found, count

    def forget_workspace(self, workspace_id: str) -> None:
        """Remove a workspace's records, and keep none that come later."""
        with self._writing:
            self._forgotten[workspace_id] = None
            if len(self._forgotten) > _FORGOTTEN_REMEMBERED:
                del self._forgotten[next(iter(self._forgotten))]
            with self._database.begin() as connection:
                connection.execute(delete(records).where(records.c.workspace_id == workspace_id))

    def prune(self) -> None:
        """Remove what is too old or too much. Blocking."""
        with self._writing, self._database.begin() as connection:
            connection.execute(
                delete(records).where(records.c.at < now() - timedelta(seconds=self._limits.keep))
            )
            newest = connection.execute(select(func.max(records.c.seq))).scalar_one() or 0
            connection.execute(delete(records).where(records.c.seq <= newest - self._limits.all))
            for instance_id in self._written_to:
                _keep_newest(connection, instance_id, self._limits.instance)
            self._written_to = set()

    def _write(self, batch: list[tuple[Record, Config]]) -> None:
        values = [
            _values(record, secrets)
            for record, secrets in batch
            if record.workspace_id not in self._forgotten
        ]
        if not values:
            return
        with self._database.begin() as connection:
            connection.execute(records.insert(), values)
        self._written_to.update(value["instance_id"] for value in values)

    def _write_on(self) -> None:
        """Until the end: write what came within a moment of the first, or a batch of it; prune now and then."""
        pruned = -float(self._limits.prune)
        while not self._ending:
            with self._bell:
                if not self._waiting and not self._ending:
                    self._bell.wait(self._limits.prune)
                if 0 < len(self._waiting) < self._limits.batch and not self._ending:
                    self._bell.wait(self._limits.every)
            self.flush()
            if time.monotonic() - pruned >= self._limits.prune:
                pruned = time.monotonic()
                try:
                    self.prune()
                except SQLAlchemyError as error:
                    _log.error("old records of packages cannot be removed: %s", error)
        self.flush()


def _values(record: Record, secrets: Config) -> dict[str, Any]:
    values = dict(vars(record))
    del values["seq"]
    values["message"] = without_secrets(record.message, secrets)
    if record.path is not None:
        values["path"] = without_secrets(record.path, secrets)
    return values


def _conditions(wanted: Filter) -> Iterable[ColumnElement[bool]]:
    for name, value in asdict(wanted).items():
        column = records.c[name]
        if value is None:
            continue
        if name == "message":
            yield column.contains(value, autoescape=True)
        elif name in _ANY_CASE:
            yield func.lower(column) == value.lower()
        else:
            yield column == value


def _keep_newest(connection: Connection, instance_id: str, most: int) -> None:
    own = records.c.instance_id == instance_id
    first_too_many = select(records.c.seq).where(own).order_by(records.c.seq.desc()).offset(most).limit(1)
    last = connection.execute(first_too_many).scalar_one_or_none()
    if last is not None:
        connection.execute(delete(records).where(own, records.c.seq <= last))
