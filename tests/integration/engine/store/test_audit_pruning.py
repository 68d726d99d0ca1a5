"""Pruning: lines go when the operator says so, page by page, and what is left is whole."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, text

from steamship_engine.control import audit as control
from steamship_engine.model.audit import (
    OPERATOR,
    AuditActor,
    AuditActorKind,
    AuditKind,
)
from steamship_engine.model.errors import ConflictError, InvalidRequestError
from steamship_engine.store import audit
from steamship_engine.store.audit import Head
from steamship_engine.store.audit_check import check
from steamship_engine.store.database import Database
from tests.services.audits import BEGUN, broken, lines, tampering, verdict, write_lines


def test_a_noted_head_that_was_pruned_is_not_whole(database: Database) -> None:
    """A head from before the trail's beginning proves nothing, so it is named; the last one that was pruned is still compared."""
    write_lines(database, 4)
    heads = [Head(line.seq, line.hash) for line in lines(database)]
    control.prune(database, OPERATOR, BEGUN + timedelta(days=4))
    found = []
    for noted in (heads[1], heads[2], Head(3, "0" * 64), heads[3]):
        with database.read() as connection:
            found.append(check(connection, noted).broken)
    gone, last_gone, other, kept = found
    assert gone is not None and gone.seq == 2 and "was pruned" in gone.why and "later head" in gone.why
    assert last_gone is None and kept is None
    assert other is not None and other.seq == 3


def test_the_operator_may_prune(database: Database) -> None:
    """Lines from before a moment go, a line tells who did it, and what is left still follows from what was."""
    write_lines(database, 5)
    by = AuditActor(AuditActorKind.OPERATOR, handle="root")
    assert control.prune(database, by, BEGUN + timedelta(days=3)) == 2
    left = lines(database)
    assert [line.seq for line in left] == [3, 4, 5, 6]
    assert left[-1].kind is AuditKind.AUDIT_PRUNED
    assert (left[-1].actor_handle, left[-1].details["through"], left[-1].details["lines"]) == ("root", 2, 2)
    assert (verdict(database).first, broken(database)) == (3, None)
    assert control.prune(database, by, BEGUN) == 0
    assert control.prune(database, by, BEGUN + timedelta(days=4)) == 1
    write_lines(database, 1, 9)
    assert (verdict(database).first, broken(database)) == (4, None)


def test_all_may_be_pruned(database: Database) -> None:
    """Where every line is older, the line about it is the only one left, and the chain goes on."""
    write_lines(database, 2)
    assert control.prune(database, OPERATOR, datetime.now(UTC)) == 2
    assert [line.seq for line in lines(database)] == [3]
    assert broken(database) is None


def test_a_prune_that_is_cut_short_leaves_the_trail_whole(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lines go page by page, told of before the first; whatever is left in between is whole, and goes with the next prune."""
    write_lines(database, 5)
    real, pages = audit.prune, []

    def two_lines(connection: Connection, through: Head) -> int:
        if len(pages) == 1:
            raise RuntimeError("killed")
        pages.append(through)
        return real(connection, through, 2)

    monkeypatch.setattr(audit, "prune", two_lines)
    with pytest.raises(RuntimeError, match="killed"):
        control.prune(database, OPERATOR, BEGUN + timedelta(days=6))
    assert [line.seq for line in lines(database)] == [3, 4, 5, 6]
    assert lines(database)[-1].details["through"] == 5
    assert (verdict(database).first, broken(database)) == (3, None)
    monkeypatch.setattr(audit, "prune", lambda connection, through: real(connection, through, 2))
    assert control.prune(database, OPERATOR, BEGUN + timedelta(days=6)) == 3
    assert [(line.seq, line.details["lines"]) for line in lines(database)] == [(6, 5), (7, 3)]
    assert broken(database) is None


def test_a_moment_to_come_prunes_nothing(database: Database) -> None:
    """A moment in the future is refused with itself in quotes, for every line would go, the next ones too."""
    write_lines(database, 2)
    with pytest.raises(InvalidRequestError, match='"2999-01-01" is still to come'):
        control.prune(database, OPERATOR, datetime(2999, 1, 1, tzinfo=UTC))
    assert len(lines(database)) == 2


def test_lines_that_nobody_pruned_are_missed(database: Database) -> None:
    """Who moves the chain's beginning may delete lines, but no line of the trail accounts for it."""
    write_lines(database, 5)
    with database.begin() as connection:
        through = connection.execute(text("SELECT seq, hash FROM audit WHERE seq = 2")).one()
        assert audit.prune(connection, Head(through.seq, through.hash)) == 2
    assert broken(database).seq == 2
    assert "no line says" in broken(database).why


def test_a_broken_trail_is_not_pruned(database: Database) -> None:
    """What shows that somebody changed a line stays until a person has looked at it."""
    write_lines(database, 4)
    with tampering(database) as connection:
        connection.execute(text("UPDATE audit SET times = 2 WHERE seq = 2"))
    with pytest.raises(ConflictError, match="line 2"):
        control.prune(database, OPERATOR, BEGUN + timedelta(days=3))
    assert len(lines(database)) == 4
