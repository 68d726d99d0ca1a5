"""Background calls: from being accepted to being done, by the times that the engine keeps with each task.

Asking whether a task is done costs the engine about as much as an empty task does, so each is asked
for rarely, and the times are read from the store afterwards.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.control_calls import ControlCalls
from benchmarks.cores import Cores
from benchmarks.engine import Engine, running
from benchmarks.figures import Times
from benchmarks.report import Section, Table, duration
from benchmarks.scale import Scale
from benchmarks.servers import NotRunError
from sqlalchemy import select

from steamship_engine.store.database import Database
from steamship_engine.store.schema import tasks

_TASK_S = 30.0
_PAUSE_S = 0.05


def measure(cores: Cores, scale: Scale, folder: Path) -> Section:
    """Tasks of an empty method, one after the other."""
    with running(cores.server, folder) as engine:
        path = urlsplit(engine.target().url).path.removesuffix("greet") + "nothing"
        with ControlCalls(engine) as calls:
            ids = [_finished(calls, path) for _ in range(scale.tasks + 1)]
        times = Times.of(_seconds(engine, ids[1:]))  # the first one wakes the instance
    section = Section("Tasks")
    section.notes.append(
        f"{times.count} calls of an empty method with `X-Task-Background`, one after the other, {cores.title}; from the "
        "moment in which the task was made to that in which its end was stored, as the engine notes them."
    )
    section.tables.append(
        Table(["", "p50", "p99"], [["accepted to done", duration(times.p50), duration(times.p99)]])
    )
    section.figures = {**vars(times)}
    return section


def _finished(calls: ControlCalls, path: str) -> str:
    """The id of a task that was submitted and has succeeded."""
    task_id = calls.submit(path)
    deadline = time.monotonic() + _TASK_S
    while time.monotonic() < deadline:
        time.sleep(_PAUSE_S)
        if calls.state(task_id) == "succeeded":
            return task_id
    raise NotRunError(f"the task {task_id} is not done after {_TASK_S:g} s")


def _seconds(engine: Engine, ids: Sequence[str]) -> list[float]:
    database = Database(f"sqlite:///{engine.data / 'engine.db'}")
    try:
        with database.read() as connection:
            rows = connection.execute(select(tasks.c.id, tasks.c.created_at, tasks.c.updated_at)).all()
    finally:
        database.close()
    took = {row.id: (row.updated_at - row.created_at).total_seconds() for row in rows}
    return [took[task_id] for task_id in ids]
