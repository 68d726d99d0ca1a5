"""Records: written in batches, found by their fields, bounded, and gone with their workspace."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs
from sqlalchemy import Table, func, inspect, select, text

from steamship_engine.model.identifiers import new_id
from steamship_engine.model.limits import RecordLimits
from steamship_engine.store.columns import now
from steamship_engine.store.database import Database
from steamship_engine.store.record_tables import entries, origins, prepare
from steamship_engine.store.records import Filter, Origin, Records, Said

USER, SPACE, ONE, TWO = (new_id() for _ in range(4))
NOBODY = "00000000-0000-4000-8000-000000000000"  # the same in every run, for it stands in tests' names
MINE = Filter(user_id=USER, workspace_id=SPACE)


@pytest.fixture
def records(database: Database) -> Iterator[Records]:
    """Records on a database of each kind; nothing is written in the background."""
    made = Records(database)
    yield made
    made.close()


def record(message: str = "hello", **more: Any) -> Said:
    """A line of the instance `one`. `more` are fields of the record, or of what it shares with others."""
    origin = Origin(USER, SPACE, ONE, "pack", "1.0.0", "One", USER, "alice", {})
    shared = {name: more.pop(name) for name in list(more) if name in Origin._fields}
    line = Said(origin._replace(**shared), time.time_ns() // 1000, "package", "info", message)
    return structs.replace(line, **more)


def said(records: Records, wanted: Filter = MINE, start: int = 0, size: int = 1000) -> list[str]:
    return [found.message for found in records.listed(wanted, start, size)[0]]


def test_what_was_added_is_there_newest_first(records: Records) -> None:
    """Whoever asks sees all that was added before, from the newest on, in pages, with the number of all."""
    for number in range(25):
        records.add(record(f"line {number}", request_id="R-1", verb="POST", path="/greet"))
    found, count = records.listed(MINE, 5, 10)
    assert count == 25
    assert [one.message for one in found] == [f"line {number}" for number in range(19, 9, -1)]
    assert (found[0].request_id, found[0].verb, found[0].path) == ("R-1", "POST", "/greet")
    assert abs(found[0].at - now()) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        ({"package_handle": "PACK"}, 3),
        ({"instance_handle": "one"}, 2),
        ({"version_handle": "2.0.0"}, 0),
        ({"level": "ERROR"}, 1),
        ({"component": "invocation"}, 1),
        ({"path": "/greet"}, 1),
        ({"message": "100%"}, 1),
        ({"message": "_"}, 0),
        ({"user_id": NOBODY}, 0),
        ({"workspace_id": NOBODY}, 0),
    ],
    ids=str,
)
def test_fields_narrow_what_is_found(records: Records, wanted: dict[str, str], count: int) -> None:
    """Handles and levels in any case, other fields exactly, the message by a part of it."""
    records.add(record("at 100%", level="error"))
    records.add(record("a call", component="invocation", path="/greet", verb="POST", status=200))
    records.add(record("another", instance_id=TWO, instance_handle="two"))
    assert records.listed(replace(MINE, **wanted), 0, 10)[1] == count


def test_no_secret_and_no_key_is_kept(records: Records) -> None:
    """Values of secret parameters and keys of the engine's making are blotted out, whatever else is in the text."""
    user_key, worker_key = "ship_0123456789ab_" + "k" * 43, "shipw_" + "w" * 130
    text = f"canary-1 {user_key}, {worker_key}; \0 done"
    records.add(record(text, path="/x/canary-1", secrets={"token": "canary-1"}))
    [kept], _ = records.listed(MINE, 0, 10)
    assert kept.message == "[secret] [key], [key]; \ufffd done"
    assert kept.path == "/x/[secret]"


def test_they_go_with_their_workspace(records: Records) -> None:
    """A deleted workspace's records are gone, those that come late too; others stay."""
    other = new_id()
    records.add(record())
    records.add(record("stays", workspace_id=other))
    records.flush()
    records.add(record("waits"))
    records.forget_workspace(SPACE)
    records.add(record("late"))
    assert said(records) == []
    assert said(records, replace(MINE, workspace_id=other)) == ["stays"]


def test_the_old_and_the_many_go(database: Database) -> None:
    """Records past their age go, and above a number of one instance's, and of all."""
    records = Records(database, RecordLimits(keep=3600, instance=10, all=14))
    records.add(record("old", at=time.time_ns() // 1000 - 7_200_000_000))
    for number in range(12):
        records.add(record(f"{number}"))
    for number in range(4):
        records.add(record(f"two {number}", instance_id=TWO))
    records.flush()
    records.prune()
    assert said(records) == [*(f"two {n}" for n in (3, 2, 1, 0)), *(str(n) for n in range(11, 1, -1))]
    for number in range(4, 9):
        records.add(record(f"two {number}", instance_id=TWO))
    records.flush()
    records.prune()
    assert len(said(records)) == 14


def test_a_thread_writes_them_soon(database: Database) -> None:
    """What was added is in the database a moment later without anybody asking, and at the end at once."""
    records = Records(database, RecordLimits(every=0.05))
    records.start()
    records.add(record("soon"))
    reader = Records(database)
    until = time.monotonic() + 20
    while said(reader) != ["soon"]:
        assert time.monotonic() < until, "nothing was written"
        time.sleep(0.01)
    records.add(record("last"))
    records.close()
    assert said(reader) == ["last", "soon"]


def test_a_flood_loses_and_says_so(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    """Above what may wait records are lost, and the engine's log has their number."""
    records = Records(database, RecordLimits(waiting=100, batch=30))
    for number in range(130):
        records.add(record(f"{number}"))
    assert len(said(records)) == 100
    assert "30 records" in caplog.text


def test_a_stuck_writer_holds_nobody_up(tmp_path: Path) -> None:
    """While another holds the records' database, adding returns at once and nothing is lost after it."""
    database = Database(f"sqlite:///{tmp_path / 'records.db'}")
    prepare(database)
    records = Records(database, RecordLimits(every=0.01))
    records.start()
    other = Database(f"sqlite:///{tmp_path / 'records.db'}")
    held, go = threading.Event(), threading.Event()

    def hold() -> None:
        with other.begin():
            held.set()
            go.wait(20)

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(20)
    before = time.monotonic()
    for number in range(2000):
        records.add(record(f"{number}"))
    assert time.monotonic() - before < 5
    go.set()
    holder.join()
    assert len(said(records, size=5000)) == 2000
    records.close()
    other.close()


def test_tables_are_made_once(database: Database) -> None:
    """Preparing a database twice leaves what is in it."""
    records = Records(database)
    records.add(record())
    records.flush()
    prepare(database)
    assert said(records) == ["hello"]


def test_origins_are_kept_once_and_go_with_the_last_of_them(database: Database) -> None:
    """Records of one instance share a row with whose they are, which goes when none of them is left."""
    records = Records(database, RecordLimits(keep=3600))
    long_ago = time.time_ns() // 1000 - 7_200_000_000
    for batch in range(3):
        records.add(record(f"two {batch}", instance_id=TWO, at=long_ago))
        records.add(record(f"then {batch}", at=long_ago))
        records.flush()
    for batch in range(3):
        records.add(record(f"{batch}"))
        records.flush()
    assert _count(database, origins) == 2
    records.prune()
    assert (_count(database, origins), said(records)) == (1, ["2", "1", "0"])


def test_an_origin_that_another_engine_removed_is_made_again(database: Database) -> None:
    """What an engine remembers of the last batch's origins is not trusted."""
    records = Records(database)
    records.add(record("before"))
    records.flush()
    with database.begin() as connection:
        connection.execute(entries.delete())
        connection.execute(origins.delete())
    records.add(record("after"))
    assert said(records) == ["after"]


def test_records_of_an_older_engine_move(database: Database) -> None:
    """Those in the table of before, a row with all of its origin, are found as ever, in their order, each once; and again where an older engine came back."""
    records = Records(database)
    for turn in (1, 2):
        _write_as_before(database, [(f"{turn} first", ONE), (f"{turn} second", TWO), (f"{turn} third", ONE)])
        prepare(database)
        prepare(database)
        with database.read() as connection:
            assert not inspect(connection).has_table("records")
        assert _count(database, origins) == 2
        assert said(records)[:3] == [f"{turn} third", f"{turn} second", f"{turn} first"]
        assert len(said(records)) == 3 * turn
    # An origin that two engines made at once.
    with database.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO record_origins (user_id, workspace_id, instance_id, package_handle, version_handle, "
            "instance_handle, author_id, author_handle) SELECT user_id, workspace_id, instance_id, package_handle, "
            "version_handle, instance_handle, author_id, author_handle FROM record_origins"
        )
    _write_as_before(database, [("3 only", ONE)])
    prepare(database)
    assert len(said(records)) == 7


def _write_as_before(database: Database, lines: list[tuple[str, str]]) -> None:
    """What an engine wrote that had one table."""
    of_origin = dict(zip(Origin._fields, record().origin, strict=True))
    del of_origin["secrets"]
    said = {"at": 1, "component": "package", "level": "info"}
    rows = [of_origin | said | {"instance_id": instance_id, "message": line} for line, instance_id in lines]
    names = list(rows[0])
    columns = ", ".join(f"{name} {'BIGINT' if name == 'at' else 'TEXT'}" for name in names)
    marks = ", ".join(f":{name}" for name in ("seq", *names))
    with database.begin() as connection:
        connection.exec_driver_sql(
            f"CREATE TABLE records (seq INTEGER PRIMARY KEY, {columns}, request_id TEXT, verb TEXT, path TEXT, "
            "status INTEGER, elapsed_s REAL)"
        )
        for seq, row in enumerate(rows):
            statement = text(f"INSERT INTO records (seq, {', '.join(names)}) VALUES ({marks})")
            connection.execute(statement, row | {"seq": seq})


@pytest.mark.parametrize(("durable", "means"), [(True, ("2", "on")), (False, ("1", "off"))])
def test_records_wait_for_no_disk(database: Database, durable: bool, means: tuple[str, str]) -> None:
    """On a database that need not be durable a commit is not forced to the disk; on every other one it is."""
    dialect = database.engine.dialect.name
    if dialect == "postgresql":
        # The cluster of the tests forces nothing by itself.
        _alter(database, "SET synchronous_commit TO on")
    opened = Database(database.engine.url.render_as_string(hide_password=False), durable=durable)
    with opened.read() as connection:
        asked = {"sqlite": "PRAGMA synchronous", "postgresql": "SHOW synchronous_commit"}[dialect]
        assert str(connection.exec_driver_sql(asked).scalar_one()) in means
    opened.close()
    if dialect == "postgresql":
        _alter(database, "RESET synchronous_commit")


def _alter(database: Database, what: str) -> None:
    with database.begin() as connection:
        name = connection.exec_driver_sql("SELECT current_database()").scalar_one()
        connection.exec_driver_sql(f'ALTER DATABASE "{name}" {what}')


def _count(database: Database, table: Table) -> int:
    with database.read() as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())
