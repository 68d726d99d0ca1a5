"""What awake idle instances of one version cost: each was called 10 times, then left alone for 5 seconds."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import processes
from benchmarks.cores import Cores
from benchmarks.engine import Engine, running
from benchmarks.processes import Memory, Process
from benchmarks.report import Section, Table, size
from benchmarks.scale import Scale
from benchmarks.servers import NotRunError

if TYPE_CHECKING:
    from steamship.data.package.package_instance import PackageInstance

_CALLS = 10


@dataclass(frozen=True)
class Reading:
    """All processes below an engine at one moment; the engine says which of them are instances' workers."""

    workers: list[Memory]
    beside: dict[str, list[Memory]]  # engine, launcher, zygotes, and workers that have no instance yet
    available: int

    @property
    def pss(self) -> float:
        """PSS of all instances' workers together."""
        return sum(worker.pss for worker in self.workers)

    @property
    def private_dirty(self) -> float:
        """Private dirty memory of all instances' workers together."""
        return sum(worker.private_dirty for worker in self.workers)


def measure(cores: Cores, scale: Scale, folder: Path) -> Section:
    """Memory at growing numbers of awake instances, then with all of them asleep."""
    readings: dict[int, Reading] = {}
    with running(cores.server, folder) as engine:
        # What a version's first call brings to life stays out of the sums.
        instances = [engine.use("awake-0")]
        _call(instances)
        engine.put_to_sleep(instances[0])
        before = _settled(engine, instances, scale)
        for count in scale.awake:
            instances += [engine.use(f"awake-{number}") for number in range(len(instances), count)]
            _call(instances)
            readings[count] = _settled(engine, instances, scale)
        for instance in instances:
            engine.put_to_sleep(instance)
        asleep = _settled(engine, instances, scale)
    return _report(before, readings, asleep, scale)


def _call(instances: Sequence[PackageInstance]) -> None:
    for instance in instances:
        for _ in range(_CALLS):
            instance.invoke("greet", name="Unicorn")


def _settled(engine: Engine, instances: Sequence[PackageInstance], scale: Scale) -> Reading:
    time.sleep(scale.settle_s)
    return read(engine.process.pid, {pid for instance in instances for pid in engine.workers_of(instance)})


def read(pid: int, instances: set[int]) -> Reading:
    """The memory of the engine `pid` and of what it started, `instances` being the workers that have one."""
    below = processes.descendants(pid)
    parents = {process.parent for process in below}
    workers: list[Memory] = []
    beside: dict[str, list[Memory]] = {"engine": [processes.memory(pid)]}
    for process in below:
        try:
            memory = processes.memory(process.pid)
        except OSError:
            continue  # it ended just now
        if process.pid in instances:
            workers.append(memory)
        else:
            beside.setdefault(_what(process, parents), []).append(memory)
    return Reading(workers, beside, processes.available())


def _what(process: Process, parents: set[int]) -> str:
    """A process that has no instance, by what it was started with and whether it has started others."""
    try:
        words = (processes.PROC / str(process.pid) / "cmdline").read_bytes().split(b"\0")
    except OSError:
        words = []
    if any(b"launcher" in word for word in words):
        return "launcher"
    return "zygotes" if process.pid in parents else "without an instance yet"


def _report(before: Reading, readings: dict[int, Reading], asleep: Reading, scale: Scale) -> Section:
    section = Section("Memory of awake idle instances")
    section.notes.append(
        f"Instances of one version, concurrency 1, after {_CALLS} calls each and {scale.settle_s:g} s; PSS and private "
        "dirty memory of the workers' `smaps_rollup`, divided by their number. `MemAvailable` is the whole machine's: "
        "what it lost since before the first of them, divided too; whatever else ran meanwhile is in it."
    )
    rows = []
    for count, reading in readings.items():
        found = len(reading.workers)
        if not found:
            raise NotRunError(
                f"of {count} instances that were called none is awake after {scale.settle_s:g} s"
            )
        if found != count:
            section.notes.append(
                f"Of {count} instances only {found} were awake: the sums are divided by {found}."
            )
        drop = (before.available - reading.available) / found
        rows.append(
            [
                f"{found} awake",
                *(size(amount / found) for amount in (reading.pss, reading.private_dirty)),
                size(drop),
            ]
        )
        section.figures[str(count)] = {
            "awake": found,
            "pss_each": reading.pss / found,
            "private_dirty_each": reading.private_dirty / found,
            "available_drop_each": drop,
        }
    section.tables.append(Table(["", "PSS each", "private dirty each", "MemAvailable each"], rows))
    most = max(readings)
    section.figures["most"] = most
    section.figures["asleep"] = {"workers": len(asleep.workers), "pss": asleep.pss}
    section.tables.append(_beside(before, readings[most], asleep))
    return section


def _beside(before: Reading, most: Reading, asleep: Reading) -> Table:
    """What runs beside the instances' workers, and what is left when all sleep."""
    readings = (before, most, asleep)
    names = dict.fromkeys(name for reading in readings for name in reading.beside)
    rows = [[name, *(_sum(reading.beside.get(name, [])) for reading in readings)] for name in names]
    rows.append(["instances' workers", *(_sum(reading.workers) for reading in readings)])
    heads = ["PSS together (number)", "before", f"{len(most.workers)} awake", "all asleep"]
    return Table(heads, rows)


def _sum(memories: Sequence[Memory]) -> str:
    return f"{size(sum(memory.pss for memory in memories))} ({len(memories)})" if memories else "none"
