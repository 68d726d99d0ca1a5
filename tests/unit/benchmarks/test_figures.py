"""Percentiles, spreads and paired ratios."""

from __future__ import annotations

import pytest
from benchmarks.figures import Spread, Times, percentile
from hypothesis import given
from hypothesis import strategies as st

_numbers = st.lists(st.floats(0.001, 1000), min_size=1)


@pytest.mark.parametrize(
    ("share", "value"), [(0, 1), (0.5, 50), (0.501, 51), (0.99, 99), (0.991, 100), (1, 100)]
)
def test_a_percentile_is_a_value_that_was_measured(share, value):
    """The percentile is the smallest value which that share of the values does not exceed."""
    assert percentile(list(range(100, 0, -1)), share) == value


@given(_numbers, st.floats(0, 1))
def test_a_percentile_covers_its_share(values, share):
    """At least the share of all values lies at or below the percentile, and less lies below it."""
    found = percentile(values, share)
    assert sum(value <= found for value in values) >= share * len(values)
    assert sum(value < found for value in values) <= share * len(values)


@pytest.mark.parametrize(("values", "share"), [([], 0.5), ([1], 1.1), ([1], -0.1)])
def test_nothing_is_made_up(values, share):
    """No values, or a share that is none, have no percentile."""
    with pytest.raises(ValueError, match="percentile|share"):
        percentile(values, share)


def test_a_spread_is_the_middle_and_both_ends():
    """One slow repeat moves the end of a spread, not its middle."""
    assert Spread.of([3, 1, 100]) == Spread(3, 1, 100, 3)
    assert Spread.of([1, 2]).median == 1.5
    with pytest.raises(ValueError, match="no values"):
        Spread.of([])


def test_a_drift_that_both_sides_share_cancels():
    """Ratios are taken round by round, so a machine that slows down changes none of them."""
    ours = [200, 100, 50]
    theirs = [100, 50, 25]
    assert Spread.of_ratios(ours, theirs) == Spread(2, 2, 2, 3)


def test_repeats_without_a_pair_are_left_out():
    """Where one side was measured less often, the ratio has as many repeats as that side."""
    assert Spread.of_ratios([4, 6, 8], [2]) == Spread(2, 2, 2, 1)


def test_times_count_what_they_are_of():
    """p50 and p99 say of how many times they are."""
    assert Times.of([0.002, 0.001, 0.009]) == Times(0.002, 0.009, 3)
