"""Refusals on their way into the audit trail: written soon, counted where alike, bounded in a flood."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Connection, text

from steamship_engine.model.audit import (
    NOBODY,
    AuditActor,
    AuditActorKind,
    AuditEvent,
    AuditKind,
    AuditLine,
    AuditOutcome,
    Source,
    Subject,
)
from steamship_engine.model.limits import AuditLimits
from steamship_engine.store import audit
from steamship_engine.store.database import Database
from steamship_engine.store.refusals import Refusals
from tests.services.audits import broken, lines, tampering

LIMITS = AuditLimits(every=0, window=3600, source=3, all=5)


def by(name: str) -> AuditActor:
    return AuditActor(AuditActorKind.USER, name, name)


def refusal(
    actor: AuditActor = NOBODY, address: str = "192.0.2.1", subject: str | None = None, **detail: Any
) -> AuditEvent:
    about = None if subject is None else Subject("package", subject)
    return AuditEvent(
        AuditKind.ACCESS_REFUSED, actor, Source(address, "R-1"), about, AuditOutcome.REFUSED, detail
    )


@pytest.fixture
def refusals(database: Database) -> Refusals:
    """Nothing is written in the background, and no window ends by itself."""
    return Refusals(database, LIMITS)


def written(refusals: Refusals, database: Database) -> list[AuditLine]:
    refusals.flush(all_of_it=True)
    assert broken(database) is None
    return lines(database)


def test_the_first_is_written_and_the_like_are_counted(refusals: Refusals, database: Database) -> None:
    """The first refusal has its line at once; how often the like came again is one further line when the window ends."""
    refusals.add(refusal(code="Forbidden"))
    refusals.flush()
    assert [line.times for line in lines(database)] == [1]
    for _ in range(40):
        refusals.add(refusal(code="Forbidden"))
    refusals.flush()
    assert len(lines(database)) == 1
    assert [line.times for line in written(refusals, database)] == [1, 40]
    assert written(refusals, database)[1].outcome is AuditOutcome.REFUSED
    assert len(lines(database)) == 2


def test_what_differs_is_told_apart(refusals: Refusals, database: Database) -> None:
    """Another actor, address, subject or detail is another line."""
    for each in (
        refusal(),
        refusal(by("alice")),
        refusal(address="192.0.2.2"),
        refusal(subject="P-1"),
        refusal(code="NotFound"),
    ):
        refusals.add(each)
    assert len(written(refusals, database)) == 5


def test_of_one_source_only_so_many_are_told_apart(refusals: Refusals, database: Database) -> None:
    """Somebody who is refused in ever new ways gets few lines, and one that counts the rest without naming it."""
    for number in range(100):
        refusals.add(refusal(by("mallory"), subject=f"P-{number}"))
    refusals.add(refusal(by("alice"), subject="P-1"))
    found = written(refusals, database)
    assert [(line.actor_id, line.subject_id, line.times) for line in found] == [
        ("mallory", "P-0", 1),
        ("mallory", "P-1", 1),
        ("mallory", "P-2", 1),
        ("mallory", None, 97),
        ("alice", "P-1", 1),
    ]
    assert found[3].details == {"more": True}


def test_strangers_do_not_drown_users(refusals: Refusals, database: Database) -> None:
    """A flood from many addresses is bounded, and the rest of it counted in one line; users and workers are told all the same."""
    for number in range(200):
        refusals.add(refusal(address=f"198.51.100.{number}"))
    worker = AuditActor(AuditActorKind.WORKER, "I-1")
    refusals.add(refusal(by("alice")))
    refusals.add(refusal(worker))
    found = written(refusals, database)
    kinds = [line.actor_kind for line in found]
    assert kinds.count(AuditActorKind.NOBODY) == 6
    assert kinds.count(AuditActorKind.USER) == kinds.count(AuditActorKind.WORKER) == 1
    rest = found[5]
    assert (rest.kind, rest.actor_kind, rest.times) == (AuditKind.ACCESS_REFUSED, "nobody", 195)
    assert (rest.address, rest.request_id, rest.details) == (None, None, {"more": True})


def test_many_instances_of_one_user_do_not_drown_anothers(refusals: Refusals, database: Database) -> None:
    """All of a user's workers are one source, however many instances they are of."""
    for number in range(100):
        worker = AuditActor(AuditActorKind.WORKER, f"I-{number}", "mallory")
        refusals.add(refusal(worker, subject=f"P-{number}"))
    refusals.add(refusal(AuditActor(AuditActorKind.WORKER, "I-A", "alice"), subject="P-1"))
    found = written(refusals, database)
    assert [(line.actor_handle, line.subject_id, line.times) for line in found] == [
        ("mallory", "P-0", 1),
        ("mallory", "P-1", 1),
        ("mallory", "P-2", 1),
        ("mallory", None, 97),
        ("alice", "P-1", 1),
    ]


def test_a_flood_of_one_kind_hides_no_other(refusals: Refusals, database: Database) -> None:
    """Above all bounds a kind is still told of, and another kind of the same actors has lines of its own."""
    for number in range(50):
        refusals.add(refusal(by(f"user-{number}")))
    refusals.add(replace(refusal(by("alice")), kind=AuditKind.LOGIN_REFUSED))
    found = written(refusals, database)
    assert [(line.kind.value, line.actor_id, line.times) for line in found[5:]] == [
        ("access.refused", None, 45),
        ("login.refused", "alice", 1),
    ]
    assert len(found) == 7


def test_an_ipv6_host_is_one_source(refusals: Refusals, database: Database) -> None:
    """All addresses of one /64 are somebody's together; another /64 is another's."""
    for number in range(20):
        refusals.add(refusal(address=f"2001:db8::{number:x}"))
    refusals.add(refusal(address="2001:db8:0:1::1"))
    found = written(refusals, database)
    assert [line.times for line in found] == [1, 1, 1, 17, 1]
    assert found[-1].address == "2001:db8:0:1::1"


def test_an_ipv4_host_is_one_source_on_an_ipv6_socket(refusals: Refusals, database: Database) -> None:
    """Where the engine listens on `::`, IPv4 strangers are told apart as ever."""
    for number in range(20):
        refusals.add(refusal(address="::ffff:192.0.2.1", code=f"C-{number}"))
    refusals.add(refusal(address="::ffff:192.0.2.2"))
    found = written(refusals, database)
    assert [line.times for line in found] == [1, 1, 1, 17, 1]
    assert (found[-1].address, found[-1].details) == ("::ffff:192.0.2.2", {})


def test_a_new_window_begins_anew(refusals: Refusals, database: Database) -> None:
    """After a window the same refusals have lines again, and nothing of it is kept in memory."""
    for _ in range(3):
        refusals.add(refusal())
        assert len(written(refusals, database)) <= 3
    assert [line.times for line in lines(database)] == [1, 1, 1]
    assert not refusals._tallies and not refusals._of_all and not refusals._of_source


def test_what_cannot_be_written_yet_is_kept(refusals: Refusals, database: Database) -> None:
    """While the database refuses, refusals wait and are counted; afterwards they are there."""
    with tampering(database) as connection:
        connection.execute(text("ALTER TABLE audit RENAME TO audit_away"))
    refusals.add(refusal())
    refusals.flush(all_of_it=True)
    refusals.add(refusal())
    with database.begin() as connection:
        connection.execute(text("ALTER TABLE audit_away RENAME TO audit"))
    assert [line.times for line in written(refusals, database)] == [2]


def test_an_id_of_any_length_is_written(refusals: Refusals, database: Database) -> None:
    """An id that no thing has, as a client may send one, is cut to an id's length on either database."""
    long = AuditActor(AuditActorKind.USER, "u" * 400, "alice", "k" * 400)
    refusals.add(refusal(long, subject="s" * 400))
    (line,) = written(refusals, database)
    assert (line.actor_id, line.key_id, line.subject_id) == ("u" * 36, "k" * 36, "s" * 36)


def test_a_refusal_that_cannot_be_written_keeps_no_other_out(refusals: Refusals, database: Database) -> None:
    """It alone is lost, and counted; those before and after it are there, once."""
    for each in (refusal(by("alice")), refusal(what=object()), refusal(what=object()), refusal(by("bob"))):
        refusals.add(each)
    refusals.flush()
    refusals.add(refusal(by("carol")))
    found = written(refusals, database)
    assert [(line.actor_id, line.kind.value, line.times) for line in found] == [
        ("alice", "access.refused", 1),
        (None, "refusals.lost", 1),
        (None, "refusals.lost", 1),
        ("bob", "access.refused", 1),
        ("carol", "access.refused", 1),
    ]


def test_the_memory_of_changes_is_bounded(database: Database) -> None:
    """Above its bound a change is remembered by nobody, so each of its like has a line of its own."""
    refusals = Refusals(database, replace(LIMITS, changes=1))
    first, second = (
        replace(refusal(subject=name), kind=AuditKind.FILE_VISIBILITY) for name in ("F-1", "F-2")
    )
    for change in (first, second):
        refusals.count_change(change, told=True)
    assert (refusals.has_change(first), refusals.has_change(second)) == (True, False)
    refusals.flush(all_of_it=True)
    assert not refusals.has_change(first) and not lines(database)


@pytest.fixture
def running(database: Database) -> Iterator[Refusals]:
    """One that writes in the background."""
    made = Refusals(database, LIMITS)
    made.start()
    yield made
    made.close()


def test_a_thread_writes_them(running: Refusals, database: Database) -> None:
    """From many threads at once, all are counted; the end writes the last of them."""

    def flood() -> None:
        for _ in range(500):
            running.add(refusal())

    threads = [threading.Thread(target=flood) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    running.close()
    assert sum(line.times for line in lines(database)) == 2000
    assert len(lines(database)) <= 2
    assert broken(database) is None


def test_the_thread_outlives_what_it_cannot_write(
    running: Refusals, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error that is none of a database's, too, leaves refusals waiting, and the thread tries again."""
    tried, written_at_last = threading.Event(), threading.Event()

    def failing(*_arguments: object) -> None:
        tried.set()
        raise RuntimeError("a mistake of ours")

    def writing(connection: Connection, event: AuditEvent) -> None:
        real(connection, event)
        if event.by == by("bob"):
            written_at_last.set()

    real = audit.append
    monkeypatch.setattr(audit, "append", failing)
    running.add(refusal(by("alice")))
    assert tried.wait(10)
    monkeypatch.setattr(audit, "append", writing)
    running.add(refusal(by("bob")))
    assert written_at_last.wait(10)
    running.close()
    assert [line.actor_id for line in lines(database)] == ["alice", "bob"]
