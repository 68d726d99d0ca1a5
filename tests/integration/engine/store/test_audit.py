"""The audit trail: one chain, whoever writes; append-only in the database; what was changed is found."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from steamship_engine.model.audit import (
    ENGINE,
    AuditActor,
    AuditActorKind,
    AuditKind,
    Source,
    Subject,
)
from steamship_engine.store import audit, schema
from steamship_engine.store.audit import AuditFilter, Head
from steamship_engine.store.audit_check import check
from steamship_engine.store.database import Database
from tests.services.audits import ALICE, BEGUN, broken, event, lines, tampering, verdict, write_lines


def head(database: Database) -> Head:
    return verdict(database).last


def test_a_line_tells_everything(database: Database) -> None:
    """Kind, outcome, actor, key, address, request, subject, detail and moment come back as they were told."""
    whole = event(3, times=4)
    with database.begin() as connection:
        audit.append(connection, whole)
    (line,) = lines(database)
    assert (line.seq, line.kind, line.outcome, line.times, line.at) == (
        1,
        whole.kind,
        whole.outcome,
        4,
        whole.at,
    )
    assert (line.actor_kind, line.actor_id, line.actor_handle, line.key_id) == (
        ALICE.kind,
        ALICE.id,
        "alice",
        ALICE.key_id,
    )
    assert (line.address, line.request_id) == ("192.0.2.7", "R-3")
    assert Subject(line.noun or "", line.subject_id, line.subject_handle) == whole.subject
    assert line.details == {"scope": "user"}


def test_an_empty_trail_is_whole(database: Database) -> None:
    """Before the first line nothing is wrong."""
    found = verdict(database)
    assert (found.lines, found.first, found.last.seq, found.broken) == (0, 1, 0, None)


def test_lines_of_one_transaction_follow_each_other(database: Database) -> None:
    """Several lines of one change stand together, in the order in which they were told, on one chain."""
    with database.begin() as connection:
        for number in range(1, 4):
            audit.append(connection, event(number))
    write_lines(database, 2, 4)
    assert [line.request_id for line in lines(database)] == ["R-1", "R-2", "R-3", "R-4", "R-5"]
    assert verdict(database).lines == 5
    assert broken(database) is None


def test_a_change_that_fails_leaves_no_line(database: Database) -> None:
    """A line is there with its change or not at all, and the chain goes on without a gap."""
    write_lines(database, 1)
    with pytest.raises(RuntimeError), database.begin() as connection:
        audit.append(connection, event(2))
        raise RuntimeError("the change fails")
    write_lines(database, 1, 3)
    assert [(line.seq, line.request_id) for line in lines(database)] == [(1, "R-1"), (2, "R-3")]
    assert broken(database) is None


def test_a_change_without_its_line_does_not_happen(database: Database) -> None:
    """Where the trail cannot be written, the transaction that it tells of fails."""
    with tampering(database) as connection:
        connection.execute(text("DELETE FROM audit_chain"))
    with pytest.raises(AssertionError, match="chain"), database.begin() as connection:
        connection.execute(
            text(
                'INSERT INTO blobs (digest, object_key, size, "references", created_at) '
                "VALUES ('d', 'k', 1, 1, 0)"
            )
        )
        audit.append(connection, event(1))
    with database.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM blobs")).scalar() == 0
    assert "two ends" in broken(database).why


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET actor_handle = 'mallory' WHERE seq = 2",
        "DELETE FROM audit WHERE seq = 2",
        "DELETE FROM audit",
        "DELETE FROM audit_chain",
    ],
)
def test_the_database_itself_refuses_changes(database: Database, statement: str) -> None:
    """Lines are neither updated nor deleted by a plain statement, on either database."""
    write_lines(database, 3)
    with pytest.raises(DBAPIError, match="append-only"), database.begin() as connection:
        connection.execute(text(statement))
    assert verdict(database).lines == 3


def test_no_line_is_put_in_anothers_place(database: Database) -> None:
    """SQLite's replacing inserts, which delete unseen, and PostgreSQL's TRUNCATE are refused too."""
    write_lines(database, 3)
    if database.engine.dialect.name == "sqlite":
        statement = "INSERT OR REPLACE INTO audit SELECT * FROM audit WHERE seq = 2"
    else:
        statement = "TRUNCATE audit"
    with pytest.raises(DBAPIError, match="append-only"), database.begin() as connection:
        connection.execute(text(statement))
    assert broken(database) is None


def test_the_chain_has_one_row(database: Database) -> None:
    """Another row beside the chain's own is refused by the database, so nobody can lead the engine to it."""
    write_lines(database, 2)
    with pytest.raises(DBAPIError), database.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO audit_chain (id, pruned_seq, pruned_hash, last_seq, last_hash) VALUES (2, 0, '', 0, '')"
            )
        )
    assert verdict(database).lines == 2


COLUMNS = {
    "at": "at + 1",
    "kind": "'user.created'",
    "outcome": "'refused'",
    "times": "7",
    "actor_kind": "'operator'",
    "actor_id": "NULL",
    "actor_handle": "'mallory'",
    "key_id": "NULL",
    "address": "'198.51.100.1'",
    "request_id": "''",
    "noun": "NULL",
    "subject_id": "NULL",
    "subject_handle": "NULL",
    "detail": "'{}'",
    "hash": "lower(replace(hash, 'a', 'b')) || ''",
}


def test_every_column_is_chained(database: Database) -> None:
    """A change of any column of a line is found, and the line named."""
    columns = {column.name for column in schema.audit.columns}
    assert set(COLUMNS) == columns - {"seq"}
    write_lines(database, 5)
    assert broken(database) is None
    with tampering(database) as connection:
        kept = connection.execute(text("SELECT * FROM audit WHERE seq = 3")).one()._mapping
    for name, value in COLUMNS.items():
        with database.begin() as connection:
            connection.execute(text(f"UPDATE audit SET {name} = {value} WHERE seq = 3"))
            changed = connection.execute(text(f"SELECT {name} FROM audit WHERE seq = 3")).scalar()
        if changed != kept[name]:
            assert broken(database).seq == 3, name
        with database.begin() as connection:
            connection.execute(text(f"UPDATE audit SET {name} = :was WHERE seq = 3"), {"was": kept[name]})
        assert broken(database) is None, name


@pytest.mark.parametrize("gone", [1, 3, 5])
def test_a_removed_line_is_found(database: Database, gone: int) -> None:
    """The first, one in the middle and the last: the missing line is named."""
    write_lines(database, 5)
    with tampering(database) as connection:
        connection.execute(text(f"DELETE FROM audit WHERE seq = {gone}"))
    assert (broken(database).seq, broken(database).why) == (gone, "is missing")


def test_a_removed_line_whose_place_was_closed_is_found(database: Database) -> None:
    """Where the lines behind a removed one were numbered anew, the first of them does not follow."""
    write_lines(database, 5)
    with tampering(database) as connection:
        connection.execute(text("DELETE FROM audit WHERE seq = 3"))
        for seq in (4, 5):
            connection.execute(text(f"UPDATE audit SET seq = {seq - 1} WHERE seq = {seq}"))
        connection.execute(text("UPDATE audit_chain SET last_seq = 4"))
    assert broken(database).seq == 3
    assert "does not follow" in broken(database).why


@pytest.mark.parametrize("seq", [0, 3, 6])
def test_an_inserted_line_is_found(database: Database, seq: int) -> None:
    """Before the first, in the middle with the others moved on, and behind the last: the line is named."""
    write_lines(database, 5)
    with tampering(database) as connection:
        if seq == 3:
            for number in (5, 4, 3):
                connection.execute(text(f"UPDATE audit SET seq = {number + 1} WHERE seq = {number}"))
            connection.execute(text("UPDATE audit_chain SET last_seq = 6"))
        columns = ", ".join(column.name for column in schema.audit.columns if column.name != "seq")
        connection.execute(
            text(f"INSERT INTO audit (seq, {columns}) SELECT {seq}, {columns} FROM audit WHERE seq = 1")
        )
    assert broken(database).seq == seq


def test_a_trail_written_anew_is_found_by_a_head_noted_before(database: Database) -> None:
    """Who can write the whole chain anew is caught by a line's hash that was noted down elsewhere."""
    write_lines(database, 3)
    noted = head(database)
    write_lines(database, 2, 4)
    with database.read() as connection:
        assert check(connection, noted).broken is None
    with tampering(database) as connection:
        connection.execute(text("DELETE FROM audit"))
        connection.execute(text("UPDATE audit_chain SET last_seq = 0, last_hash = pruned_hash"))
    write_lines(database, 2, 1)
    assert broken(database) is None
    with database.read() as connection:
        assert "had a line 3" in check(connection, noted).broken.why
    write_lines(database, 2, 4)
    with database.read() as connection:
        assert check(connection, noted).broken.seq == 3


def test_many_writers_keep_one_chain(database: Database) -> None:
    """Transactions that commit at the same time, some of several lines and some that fail, make one chain without gaps."""
    together = threading.Barrier(6)
    failures: list[Exception] = []

    def writer(number: int) -> None:
        together.wait()
        for turn in range(12):
            try:
                with database.begin() as connection:
                    for _ in range(1 + turn % 3):
                        audit.append(connection, event(number))
                    if turn % 4 == 3:
                        raise ZeroDivisionError
            except ZeroDivisionError:
                continue
            except Exception as error:
                failures.append(error)

    threads = [threading.Thread(target=writer, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    found = verdict(database)
    assert (found.lines, found.broken) == (6 * sum(1 + turn % 3 for turn in range(12) if turn % 4 != 3), None)


def test_the_check_reads_page_by_page(database: Database) -> None:
    """A trail longer than a page is read whole, and a mistake on a later page is found."""
    write_lines(database, 7)
    with database.read() as connection:
        found = check(connection, page=3)
    assert (found.lines, found.broken) == (7, None)
    with database.read() as connection:
        assert [line.seq for line in audit.every(connection, AuditFilter(), page=3)] == list(range(1, 8))
    with tampering(database) as connection:
        connection.execute(text("UPDATE audit SET times = 2 WHERE seq = 6"))
    with database.read() as connection:
        assert check(connection, page=3).broken.seq == 6


def test_no_key_stands_in_a_line(database: Database) -> None:
    """Wherever a client puts a key, as request id, name or handle, it is not kept; nor is what no database holds."""
    key, worker = f"ship_0123456789ab_{'k' * 43}", f"shipw_{'w' * 80}"
    with database.begin() as connection:
        audit.append(
            connection,
            event(
                source=Source("::1", key),
                subject=Subject("key", None, f"my {worker}\0\ud800"),
                detail={"before": key},
                by=AuditActor(AuditActorKind.USER, handle=worker),
            ),
        )
    (line,) = lines(database)
    assert "kkkk" not in repr(line) and "wwww" not in repr(line)
    assert (line.request_id, line.details) == ("[key]", {"before": "[key]"})
    assert broken(database) is None


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (AuditFilter(), [1, 2, 3, 4]),
        (AuditFilter(kind="key"), [1, 2, 3]),
        (AuditFilter(kind="engine.started"), [4]),
        (AuditFilter(kind="nothing"), []),
        (AuditFilter(actor="alice"), [1, 2, 3]),
        (AuditFilter(actor=ALICE.id), [1, 2, 3]),
        (AuditFilter(subject="key 2"), [2]),
        (AuditFilter(since=BEGUN + timedelta(days=2), until=BEGUN + timedelta(days=3)), [2]),
    ],
    ids=["all", "noun", "kind", "none", "handle", "id", "subject", "time"],
)
def test_lines_are_found_by_what_they_tell(
    database: Database, wanted: AuditFilter, expected: list[int]
) -> None:
    """By kind or its first word, by actor and subject, by id or handle, and by time."""
    write_lines(database, 3)
    with database.begin() as connection:
        audit.append(
            connection, event(9, kind=AuditKind.ENGINE_STARTED, by=ENGINE, subject=Subject("engine"))
        )
    with database.read() as connection:
        assert [line.seq for line in audit.every(connection, wanted)] == expected
        assert [line.seq for line in audit.newest(connection, wanted, 2)] == expected[-2:]


def test_heads_are_read_as_they_are_written() -> None:
    """What `verify` prints can be given back to it; anything else is refused."""
    noted = Head(12, "0a" * 32)
    assert Head.read(str(noted)) == noted
    for text_ in ("", "12", "12:zz", f"-1:{'0' * 64}", f"1:{'0' * 65}"):
        with pytest.raises(ValueError, match="verify"):
            Head.read(text_)
