"""The numbers to reach, and which of them a run has met. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from benchmarks.report import Section, Table, duration, size


@dataclass(frozen=True)
class Target:
    """One number: where a run's figures have it, and what it must and should be."""

    title: str
    figure: tuple[str, ...]
    must: float
    goal: float | None
    told: Callable[[float], str]
    least: bool = False  # at least that much; otherwise at most
    goal_figure: tuple[str, ...] | None = None  # where the goal is about another figure than the must
    goal_told: Callable[[float], str] | None = None


def _ratio(value: float) -> str:
    return f"{value:.2f} x"


def _rate(headers: str, other: str, title: str, must: float, goal: float) -> Target:
    return Target(
        f"warm, 32 connections, one core, {headers} headers, of {title}",
        ("warm", "ratios", f"rate_of_{other}_{headers}"),
        must,
        goal,
        _ratio,
        least=True,
    )


MOST = "most"
TARGETS = (
    *(
        target
        for headers in ("repeating", "changing")
        for target in (
            *(
                _rate(headers, other, title, 1.8, 2.5)
                for other, title in (("fastapi", "FastAPI"), ("fastapi-def", "FastAPI's plain `def`"))
            ),
            _rate(headers, "asgi", "bare ASGI", 0.40, 0.60),
            *(
                Target(
                    f"warm, one connection, one core, {headers} headers, p50 of {title}",
                    ("warm", "ratios", f"p50_of_{other}_{headers}"),
                    1.2,
                    0.75,
                    _ratio,
                )
                for other, title in (("fastapi", "FastAPI's"), ("fastapi-def", "FastAPI's plain `def`'s"))
            ),
        )
    ),
    Target(
        "created and first reply, p50 of `exec python`",
        ("wake", "create_of_exec"),
        0.15,
        0.007,
        _ratio,
        goal_figure=("wake", "created_and_first_reply", "p50"),
        goal_told=duration,
    ),
    Target(
        "wake, p50 of `exec python`",
        ("wake", "wake_of_exec"),
        0.10,
        0.0045,
        _ratio,
        goal_figure=("wake", "wake", "p50"),
        goal_told=duration,
    ),
    Target("memory of an awake idle instance, PSS", ("memory", MOST, "pss_each"), 3e6, 2e6, size),
    Target(
        "workers of instances that are asleep",
        ("memory", "asleep", "workers"),
        0,
        0,
        lambda value: f"{value:.0f}",
    ),
    Target("many instances stored, warm p50", ("stored", MOST, "ratios", "p50"), 1.2, 1.05, _ratio),
    Target("many instances stored, calls/s", ("stored", MOST, "ratios", "rate"), 1.2, 1.05, _ratio),
    Target("many instances stored, wake p50", ("stored", MOST, "ratios", "wake"), 1.2, 1.05, _ratio),
    Target("redeploy, unchanged requirements, p50", ("redeploy", "p50"), 1.0, 0.7, duration),
    Target("task, accepted to done, p50", ("task", "p50"), 0.015, 0.008, duration),
    Target("warm p99 while the control plane works", ("busy", "all cores", "ratio"), 5, None, _ratio),
)


@dataclass(frozen=True)
class Verdict:
    """What became of one target; None where the run has no such figure, or there is no goal."""

    target: Target
    value: float | None
    must: bool | None
    goal: bool | None


def found(figures: Mapping[str, object], path: tuple[str, ...]) -> float | None:
    """The figure at that path. "most" is the part of the largest number that was measured."""
    here: object = figures
    for name in path:
        if not isinstance(here, Mapping):
            return None
        here = here.get(str(here.get(MOST)) if name == MOST else name)
    return float(here) if isinstance(here, int | float) else None


def judged(figures: Mapping[str, object]) -> list[Verdict]:
    """Every target against the figures of a run, by part."""
    return [_judge(target, figures) for target in TARGETS]


def _judge(target: Target, figures: Mapping[str, object]) -> Verdict:
    value = found(figures, target.figure)
    hoped = found(figures, target.goal_figure or target.figure)
    return Verdict(target, value, _met(value, target.must, target), _met(hoped, target.goal, target))


def _met(value: float | None, limit: float | None, target: Target) -> bool | None:
    if value is None or limit is None:
        return None
    return value >= limit if target.least else value <= limit


def section(figures: Mapping[str, object]) -> Section:
    """The table of verdicts."""
    words = {True: "met", False: "NOT MET", None: "-"}
    rows = []
    verdicts = judged(figures)
    for verdict in verdicts:
        target = verdict.target
        value = "not run" if verdict.value is None else target.told(verdict.value)
        goal = "-"
        if target.goal is not None:
            hoped = found(figures, target.goal_figure) if target.goal_figure else None
            shown = (target.goal_told or target.told)(target.goal)
            goal = shown if hoped is None else f"{shown} (is {(target.goal_told or target.told)(hoped)})"
        rows.append(
            [target.title, value, target.told(target.must), words[verdict.must], goal, words[verdict.goal]]
        )
    told = Section("Musts and goals")
    told.tables.append(Table(["", "measured", "must", "", "goal", ""], rows))
    told.figures = {
        verdict.target.title: {"value": verdict.value, "must": verdict.must, "goal": verdict.goal}
        for verdict in verdicts
    }
    return told
