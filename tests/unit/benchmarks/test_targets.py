"""Which musts and goals a run has met."""

from __future__ import annotations

from benchmarks import targets
from benchmarks.targets import TARGETS, found, judged

_WAKE = {
    "create_of_exec": 0.05,
    "wake_of_exec": 0.2,
    "created_and_first_reply": {"p50": 0.008, "p99": 0.02, "count": 200},
    "wake": {"p50": 0.004, "p99": 0.01, "count": 200},
}


def _verdict(title, figures):
    return next(verdict for verdict in judged(figures) if verdict.target.title.startswith(title))


def test_a_throughput_must_be_at_least_that_much():
    """For warm calls more is better: above the must and below the goal is met and not met."""
    verdict = _verdict(
        "warm, 32 connections, one core, changing", {"warm": {"ratios": {"rate_of_fastapi_changing": 2.0}}}
    )
    assert (verdict.value, verdict.must, verdict.goal) == (2.0, True, False)


def test_a_time_must_be_at_most_that_much():
    """For times less is better."""
    slow = _verdict("redeploy", {"redeploy": {"p50": 1.1}})
    assert (slow.must, slow.goal) == (False, False)
    fast = _verdict("redeploy", {"redeploy": {"p50": 0.6}})
    assert (fast.must, fast.goal) == (True, True)


def test_a_goal_may_be_about_another_figure():
    """The first reply must be a share of exec's, and should be faster than so many milliseconds."""
    created, woken = _verdict("created", {"wake": _WAKE}), _verdict("wake", {"wake": _WAKE})
    assert (created.must, created.goal) == (True, False)
    assert (woken.must, woken.goal) == (False, True)


def test_the_largest_number_that_was_measured_counts():
    """Memory is judged at the most instances of the run, whatever number that is."""
    figures = {"memory": {"most": 20, "1": {"pss_each": 9e6}, "20": {"pss_each": 2.5e6}}}
    assert found(figures, ("memory", "most", "pss_each")) == 2.5e6
    assert _verdict("memory", figures).must


def test_what_was_not_measured_has_no_verdict():
    """A part that did not run, or failed, is neither met nor not met."""
    assert all((verdict.value, verdict.must, verdict.goal) == (None, None, None) for verdict in judged({}))
    assert all(row[1] == "not run" and row[3] == "-" for row in targets.section({}).tables[0].rows)


def test_every_target_is_told():
    """The table has one row a target, and the file its figures under the same title."""
    section = targets.section({"wake": _WAKE})
    assert [row[0] for row in section.tables[0].rows] == [target.title for target in TARGETS]
    assert len(section.figures) == len(TARGETS)
    row = next(row for row in section.tables[0].rows if row[0].startswith("created"))
    assert row[1:] == ["0.05 x", "0.15 x", "met", "7.00 ms (is 8.00 ms)", "NOT MET"]
