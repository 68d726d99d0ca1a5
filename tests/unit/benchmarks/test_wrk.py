"""Reading what wrk prints."""

from __future__ import annotations

import json

import pytest
from benchmarks.wrk import Load, LoadError, parse

_TOLD = {
    "requests": 20_000,
    "duration_us": 2_000_000,
    "p50_us": 250.0,
    "p99_us": 1_500.0,
    "status": 0,
    "connect": 0,
    "read": 0,
    "write": 0,
    "timeout": 0,
}


def _said(**changes: float) -> str:
    return f"Running 2s test\n  2 threads\nfigures {json.dumps(_TOLD | changes)}\n"


def test_the_figures_are_a_rate_and_seconds():
    """Requests over the time that the load took, and percentiles in seconds."""
    assert parse(_said()) == Load(rate=10_000, p50=0.000_25, p99=0.001_5, requests=20_000)


@pytest.mark.parametrize("name", ["status", "connect", "read", "write", "timeout"])
def test_a_load_with_failures_does_not_count(name):
    """One request that failed in any way is no figure, but an error that says what failed."""
    with pytest.raises(LoadError, match=f"3 {name} errors in 20000 requests"):
        parse(_said(**{name: 3}))


def test_a_load_without_answers_does_not_count():
    """No answer at all is an error."""
    with pytest.raises(LoadError, match="no request was answered"):
        parse(_said(requests=0))


def test_other_output_is_quoted():
    """Where wrk fails, its last words are the reason."""
    with pytest.raises(LoadError, match="unable to connect to localhost"):
        parse("unable to connect to localhost:1 Connection refused\n")
