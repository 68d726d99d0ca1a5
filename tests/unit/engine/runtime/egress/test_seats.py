"""How many connections one worker may have while others want some, too."""

from __future__ import annotations

from steamship_engine.runtime.egress.seats import Seats


def test_one_holder_may_have_many() -> None:
    """While less than half is taken, whoever comes gets a seat."""
    seats = Seats(100)
    assert all(seats.take("a") for _ in range(50))
    assert not seats.take("a")
    assert seats.take("b")


def test_few_holders_do_not_take_all() -> None:
    """Thirty-two that take whatever they get leave enough for as many others."""
    seats = Seats(2_048)
    for _ in range(64):
        for holder in range(32):
            seats.take(holder)
    assert seats.taken <= 1_056
    for holder in range(32, 64):
        assert all(seats.take(holder) for _ in range(8))


def test_the_share_counts_holders_alone() -> None:
    """Who has given all its seats back takes nothing from others' share."""
    seats = Seats(8)
    for holder in ("a", "b", "a", "b"):
        assert seats.take(holder)
    assert not seats.take("a")
    for _ in range(2):
        seats.give("b")
    assert seats.taken == 2
    assert all(seats.take("a") for _ in range(2))


def test_there_are_no_more_than_all() -> None:
    """Not even for those who have none."""
    seats = Seats(2)
    assert [seats.take(holder) for holder in "abc"] == [True, True, False]
