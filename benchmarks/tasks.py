"""Background calls: from the answer that accepts one to the first answer that says it is done."""

from __future__ import annotations

import time
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.control_calls import ControlCalls
from benchmarks.cores import Cores
from benchmarks.engine import running
from benchmarks.figures import Times
from benchmarks.report import Section, Table, duration
from benchmarks.scale import Scale
from benchmarks.servers import NotRunError

_TASK_S = 30.0


def measure(cores: Cores, scale: Scale, folder: Path) -> Section:
    """Tasks of an empty method, one after the other."""
    done: list[float] = []
    polls: list[float] = []
    with running(cores.server, folder) as engine:
        path = urlsplit(engine.target().url).path.removesuffix("greet") + "nothing"
        with ControlCalls(engine) as calls:
            for _ in range(scale.tasks + 1):
                took, poll = _task(calls, path)
                done.append(took)
                polls.append(poll)
    times = Times.of(done[1:])
    section = Section("Tasks")
    section.notes.append(
        f"{times.count} calls of an empty method with `X-Task-Background`, one after the other, {cores.title}; the task "
        f"is asked for without a pause, so a time is too long by less than one such question (p50 {duration(Times.of(polls).p50)})."
    )
    section.tables.append(
        Table(["", "p50", "p99"], [["accepted to done", duration(times.p50), duration(times.p99)]])
    )
    section.figures = {**vars(times)}
    return section


def _task(calls: ControlCalls, path: str) -> tuple[float, float]:
    """Seconds from accepted to seen done, and the seconds that the last question took."""
    task_id = calls.submit(path)
    begin = asked = time.perf_counter()
    while asked - begin < _TASK_S:
        asked = time.perf_counter()
        state = calls.state(task_id)
        now = time.perf_counter()
        if state == "succeeded":
            return now - begin, now - asked
    raise NotRunError(f"the task {task_id} is not done after {_TASK_S:g} s")
