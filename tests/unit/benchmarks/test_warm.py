"""Tables and ratios of warm calls."""

from __future__ import annotations

import pytest
from benchmarks.cores import Cores
from benchmarks.report import markdown
from benchmarks.scale import QUICK
from benchmarks.warm import KINDS, Entry, rate_ratio, report, time_ratio
from benchmarks.wrk import Load


def _entry(name, rates, why=None):
    loads = {kind.name: [Load(rate, 1 / rate, 2 / rate, 100) for rate in rates] for kind in KINDS}
    return Entry(name, name.capitalize(), make=lambda: pytest.fail("it is not started"), why=why, loads=loads)


def test_ratios_are_taken_within_a_round():
    """A machine that is half as fast in the second round gives the same ratio in both."""
    entries = [_entry("steamship", [1000, 500]), _entry("asgi", [2000, 1000])]
    rates = rate_ratio(entries, "steamship", "asgi", KINDS[0].name)
    times = time_ratio(entries, "steamship", "asgi", KINDS[0].name)
    assert rates is not None and times is not None
    assert (rates.median, rates.low, rates.high) == (0.5, 0.5, 0.5)
    assert times.median == 2


def test_a_peer_that_is_missing_is_a_row_with_its_reason(monkeypatch):
    """A peer that did not run has a row that says so, a note with the reason, and no ratio."""
    monkeypatch.setattr("benchmarks.wrk.version", lambda: "wrk 4")
    entries = [
        _entry("steamship", [1000]),
        _entry("fastapi", [500]),
        _entry("ray", [], why="it ended with code 1"),
    ]
    section = report(entries, Cores("one", (0,), (1,)), QUICK)
    told = markdown([section])
    assert "Ray: not run: it ended with code 1" in told
    assert all(table.rows[2][:2] == ["Ray", "not run"] for table in section.tables)
    assert section.figures["not_run"] == {"ray": "it ended with code 1"}
    ratios = section.figures["ratios"]
    assert isinstance(ratios, dict)
    assert ratios["rate_of_fastapi_changing"] == 2
    assert not any("asgi" in name for name in ratios)
