"""What is expected of a method: as long as its longest call of late."""

from __future__ import annotations

from steamship_engine.runtime.durations import LONGEST_US, Durations
from tests.services.runtimes import request

QUICK, SLOW = request("POST", "/quick"), request("POST", "/slow")


def test_a_method_that_nobody_has_called_may_take_long() -> None:
    """Nothing is promised of it, whatever others take."""
    durations = Durations()
    durations.learn(QUICK, 10)
    assert (durations.expected(QUICK), durations.expected(SLOW)) == (10, LONGEST_US)


def test_a_long_call_counts_at_once_and_is_forgotten_little_by_little() -> None:
    """After one long call the method is slow for some more."""
    durations = Durations()
    for took in (10, 5_000, 10):
        durations.learn(QUICK, took)
    assert 3_000 < durations.expected(QUICK) < 5_000
    for _ in range(30):
        durations.learn(QUICK, 10)
    assert durations.expected(QUICK) < 20


def test_minutes_are_forgotten_as_soon_as_moments() -> None:
    """However long a call took, it counts for no more than the longest that is remembered."""
    durations = Durations()
    durations.learn(SLOW, 600_000_000)
    assert durations.expected(SLOW) == LONGEST_US


def test_a_call_that_failed_soon_makes_no_method_short() -> None:
    """What was refused says nothing of what is not; a long failure is long."""
    durations = Durations()
    durations.learn(SLOW, 10, failed=True)
    assert durations.expected(SLOW) == LONGEST_US
    durations.learn(SLOW, 5_000)
    durations.learn(SLOW, 10, failed=True)
    assert durations.expected(SLOW) == 5_000
    durations.learn(SLOW, 6_000, failed=True)
    assert durations.expected(SLOW) == 6_000


def test_paths_without_end_fill_no_memory() -> None:
    """A caller of ever other paths makes it remember a bounded number of short ones, and the oldest is forgotten first."""
    durations = Durations()
    for number in range(1_000):
        durations.learn(request("POST", f"/{number}"), 10)
        durations.learn(request("POST", f"/{number}" + "x" * 200), 10)
    known = [number for number in range(1_000) if durations.expected(request("POST", f"/{number}")) == 10]
    assert known == list(range(1_000 - 256, 1_000))
    assert durations.expected(request("POST", "/999" + "x" * 200)) == LONGEST_US
