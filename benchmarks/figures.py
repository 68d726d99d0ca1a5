"""Percentiles, medians and spreads of what was measured. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` (0 to 1) of the values do not exceed."""
    if not values:
        raise ValueError("there is no percentile of no values")
    if not 0 <= share <= 1:
        raise ValueError(f'a share is between 0 and 1, not "{share}"')
    ordered = sorted(values)
    return ordered[max(math.ceil(share * len(ordered)) - 1, 0)]


@dataclass(frozen=True)
class Spread:
    """Repeats of one figure: the middle one and how far they lie apart."""

    median: float
    low: float
    high: float
    repeats: int

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """The spread of at least one value."""
        if not values:
            raise ValueError("there is no spread of no values")
        return cls(median(values), min(values), max(values), len(values))

    @classmethod
    def of_ratios(cls, ours: Sequence[float], theirs: Sequence[float]) -> Spread:
        """Ratios of figures that were taken one after the other, pair by pair: a drift of the machine cancels.

        Where one side has more repeats, its last ones have no pair and are left out.
        """
        return cls.of([a / b for a, b in zip(ours, theirs, strict=False)])


@dataclass(frozen=True)
class Times:
    """Seconds that one thing took, many times over."""

    p50: float
    p99: float
    count: int

    @classmethod
    def of(cls, seconds: Sequence[float]) -> Times:
        """Percentiles of at least one time."""
        return cls(percentile(seconds, 0.5), percentile(seconds, 0.99), len(seconds))
