"""One database, SQLite or PostgreSQL by URL, and its transactions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from threading import Lock
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from steamship_engine.model.errors import UnavailableError

_BUSY_TIMEOUT_S = 30
_POSTGRES = ("postgresql", "postgres", "postgresql+psycopg")


_LAST = "steamship_before_commit"
_THEN = "steamship_after_commit"

Write = Callable[[Connection, list[Any]], None]
"""Writes, with the connection, what a transaction has gathered."""


def before_commit(connection: Connection, write: Write, item: object) -> None:
    """Have `write` called with `item`, and all others of the transaction, as the last thing before its commit.

    What it locks is then held as short as can be, and by nobody who waits for another lock. The connection is
    one of `Database.begin`; where the transaction fails nothing is called, and where `write` raises it fails.
    """
    connection.get_execution_options()[_LAST].setdefault(write, []).append(item)


def after_commit(connection: Connection, action: Callable[[], None]) -> None:
    """Call `action` once the transaction of `Database.begin` has been committed; never if it was not."""
    connection.get_execution_options()[_THEN].append(action)


class DatabaseUrlError(ValueError):
    """A database URL that is neither SQLite's nor PostgreSQL's."""


def outage(error: Exception) -> UnavailableError | None:
    """What to tell a caller when `error` says that the database cannot be used now; None for other errors."""
    if not isinstance(error, OperationalError | PoolTimeoutError):
        return None
    return UnavailableError(
        "The engine's database cannot be used now.", suggestion="Try again; the engine's log says more."
    )


class Database:
    """Transactions on one database. `begin` writes, `read` only reads; both end with their block."""

    def __init__(self, url: str, *, durable: bool = True) -> None:
        """Open `sqlite:///path` or `postgresql://...`; nothing is connected before the first use.

        What was committed outlasts this process. Unless it is to be `durable`, the last of it may be gone after the
        machine lost its power, and nobody waits for a disk.
        """
        self.engine = _engine(url, durable)
        self._write = self.engine.execution_options(steamship_begin="BEGIN IMMEDIATE")
        # SQLite has one writer at a time, and who waits for it there sleeps in growing steps up to 100 ms.
        # Waiting here, before a connection is taken, is woken at once.
        self._turn: AbstractContextManager[object] = (
            Lock() if self.engine.dialect.name == "sqlite" else nullcontext()
        )

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """A transaction that commits when the block ends and rolls back when it raises."""
        last: dict[Write, list[Any]] = {}
        then: list[Callable[[], None]] = []
        with self._turn, self._write.connect() as connection:
            connection.execution_options(**{_LAST: last, _THEN: then})
            with connection.begin():
                yield connection
                for write, items in last.items():
                    write(connection, items)
        for action in then:
            action()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A consistent view for reading; nothing written in it lasts."""
        with self.engine.connect() as connection:
            yield connection

    def close(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


def _engine(url: str, durable: bool) -> Engine:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise DatabaseUrlError(
            "the database URL cannot be read; it looks like sqlite:///PATH or postgresql://USER@HOST/NAME"
        ) from None
    if parsed.drivername == "sqlite":
        return _sqlite(url, durable)
    if parsed.drivername in _POSTGRES:
        return _postgres(parsed.set(drivername="postgresql+psycopg"), durable)
    raise DatabaseUrlError(
        f'"{parsed.drivername}" is not a database this engine knows; use sqlite:///PATH or postgresql://'
    )


def _postgres(url: URL, durable: bool) -> Engine:
    engine = create_engine(url, pool_pre_ping=True, pool_size=10, hide_parameters=True)
    if not durable:

        @event.listens_for(engine, "begin")
        def _begin(connection: Connection) -> None:
            # For this transaction alone: a pooler before the server may give its connection to anybody next.
            connection.exec_driver_sql("SET LOCAL synchronous_commit TO off")

    return engine


def _sqlite(url: str, durable: bool) -> Engine:
    # Parameters may be secrets; an error's text must not carry them into a log.
    engine = create_engine(
        url, connect_args={"timeout": _BUSY_TIMEOUT_S, "check_same_thread": False}, hide_parameters=True
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        # The driver's own BEGIN comes too late for reads and is never IMMEDIATE.
        connection.isolation_level = None
        synchronous = "synchronous=FULL" if durable else "synchronous=NORMAL"
        for pragma in ("journal_mode=WAL", synchronous, "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}").fetchall()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        connection.exec_driver_sql(options.get("steamship_begin", "BEGIN"))

    return engine
