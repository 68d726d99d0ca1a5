"""What awake idle instances of one version cost: each was called 10 times, then left alone for 5 seconds."""

from __future__ import annotations

import time
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
    """All processes below an engine at one moment."""

    workers: list[Memory]
    carriers: dict[str, Memory]  # launcher and zygotes, by what they are and their pid
    engine: Memory
    available: int

    @property
    def pss(self) -> float:
        """PSS of all workers together."""
        return sum(worker.pss for worker in self.workers)

    @property
    def private_dirty(self) -> float:
        """Private dirty memory of all workers together."""
        return sum(worker.private_dirty for worker in self.workers)


def measure(cores: Cores, scale: Scale, folder: Path) -> Section:
    """Memory at growing numbers of awake instances, then with all of them asleep."""
    readings: dict[int, Reading] = {}
    instances: list[PackageInstance] = []
    with running(cores.server, folder) as engine:
        _settle_first(engine, scale)
        before = read(engine.process.pid, set())
        known = {process.pid for process in processes.descendants(engine.process.pid)}
        for count in scale.awake:
            instances += [engine.use(f"awake-{number}") for number in range(len(instances), count)]
            for instance in instances:
                for _ in range(_CALLS):
                    instance.invoke("greet", name="Unicorn")
            time.sleep(scale.settle_s)
            readings[count] = read(engine.process.pid, known)
        for instance in instances:
            engine.put_to_sleep(instance)
        time.sleep(scale.settle_s)
        asleep = read(engine.process.pid, known)
    return _report(before, readings, asleep, scale)


def _settle_first(engine: Engine, scale: Scale) -> None:
    """Wake one instance and put it to sleep: what a version's first call brings to life stays out of the sums."""
    first = engine.use("first")
    first.invoke("greet", name="Unicorn")
    engine.put_to_sleep(first)
    time.sleep(scale.settle_s)


def read(pid: int, known: set[int]) -> Reading:
    """The memory of the engine `pid` and of what it started; workers are the new processes that started nothing."""
    below = processes.descendants(pid)
    parents = {process.parent for process in below}
    workers: list[Memory] = []
    carriers: dict[str, Memory] = {}
    for process in below:
        try:
            memory = processes.memory(process.pid)
        except OSError:
            continue  # it ended just now
        if process.pid in known or process.pid in parents:
            carriers[f"{_what(process)} {process.pid}"] = memory
        else:
            workers.append(memory)
    return Reading(workers, carriers, processes.memory(pid), processes.available())


def _what(process: Process) -> str:
    """Launcher or zygote, by what the process was started with."""
    try:
        words = (processes.PROC / str(process.pid) / "cmdline").read_bytes().split(b"\0")
    except OSError:
        return "process"
    return "launcher" if any(b"launcher" in word for word in words) else "zygote"


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
    section.tables.append(_carriers(before, readings[most], asleep))
    return section


def _carriers(before: Reading, most: Reading, asleep: Reading) -> Table:
    """What runs beside the workers, and what is left when all sleep."""
    rows = [["engine", *(size(reading.engine.pss) for reading in (before, most, asleep))]]
    for name in sorted(before.carriers.keys() | most.carriers.keys()):
        cells = [
            size(reading.carriers[name].pss) if name in reading.carriers else "-"
            for reading in (before, most, asleep)
        ]
        rows.append([name.rpartition(" ")[0], *cells])
    workers = [f"{size(reading.pss)} ({len(reading.workers)})" for reading in (before, most, asleep)]
    rows.append(["all workers (number)", *workers])
    heads = ["PSS of", "before", f"{len(most.workers)} awake", "all asleep"]
    return Table(heads, rows)
