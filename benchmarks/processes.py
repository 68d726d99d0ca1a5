"""Processes on chosen cores, and what Linux tells of them: who started whom, their memory, their end.

Every server that a run starts is ended by its id together with all that it started, found through
`/proc`; orphans come back to this process, so that nothing is left.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
_PR_SET_CHILD_SUBREAPER = 36
_PATIENCE_S = 20.0


@dataclass(frozen=True)
class Process:
    """One process, told from a later one of the same id by when it began."""

    pid: int
    parent: int
    began: int


@dataclass(frozen=True)
class Memory:
    """Bytes of one process: its proportional share of what is mapped, and what is its alone and written."""

    pss: int
    private_dirty: int


def adopt_orphans() -> None:
    """Become the parent of descendants whose own parent ends, so that they can be found and ended."""
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "this kernel cannot make a process adopt orphans")


@contextmanager
def on_cores(cores: Sequence[int]) -> Iterator[None]:
    """Have what this thread starts meanwhile run on those cores alone."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def parse_stat(text: str) -> Process:
    """A line of `/proc/PID/stat`; the command in it may hold spaces and parentheses."""
    pid, _, rest = text.partition(" ")
    fields = rest.rpartition(")")[2].split()
    return Process(int(pid), int(fields[1]), int(fields[19]))


def parse_smaps_rollup(text: str) -> Memory:
    """The sums of `/proc/PID/smaps_rollup`."""
    sums = {name: int(value.split()[0]) * 1024 for name, _, value in _lines(text) if value.endswith("kB")}
    return Memory(sums["Pss"], sums["Private_Dirty"])


def parse_available(text: str) -> int:
    """`MemAvailable` of `/proc/meminfo`, in bytes."""
    return next(int(value.split()[0]) * 1024 for name, _, value in _lines(text) if name == "MemAvailable")


def _lines(text: str) -> Iterator[tuple[str, str, str]]:
    for line in text.splitlines():
        name, colon, value = line.partition(":")
        yield name.strip(), colon, value.strip()


def available() -> int:
    """Memory that this machine could still give, in bytes."""
    return parse_available((PROC / "meminfo").read_text())


def memory(pid: int) -> Memory:
    """A living process's memory."""
    return parse_smaps_rollup((PROC / str(pid) / "smaps_rollup").read_text())


def descendants(pid: int) -> list[Process]:
    """All that `pid` started, and what those started; parents before children."""
    children: dict[int, list[Process]] = {}
    for entry in PROC.iterdir():
        if entry.name.isdigit() and (process := _process(int(entry.name))) is not None:
            children.setdefault(process.parent, []).append(process)
    found: list[Process] = []
    waiting = [pid]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += [process.pid for process in below]
    return found


def _process(pid: int) -> Process | None:
    """A living process; one that has ended and waits for its parent to ask is none."""
    try:
        text = (PROC / str(pid) / "stat").read_text()
    except OSError:
        return None
    return None if text.rpartition(")")[2].startswith(" Z") else parse_stat(text)


def end(process: subprocess.Popen[bytes]) -> None:
    """End a server: it is asked first; it and what it started are killed if that does not help."""
    below = descendants(process.pid)
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_PATIENCE_S)
    if process.poll() is None:
        process.kill()
        process.wait()
    end_all(below)


def end_all(processes: Sequence[Process]) -> None:
    """Kill those of the processes that still live, and wait until they are gone."""
    for process in processes:
        if _lives(process):
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)
    deadline = time.monotonic() + _PATIENCE_S
    while any(_lives(process) for process in processes) and time.monotonic() < deadline:
        _reap(processes)
        time.sleep(0.01)
    _reap(processes)


def _lives(process: Process) -> bool:
    """Whether it lives, whoever its parent is now."""
    now = _process(process.pid)
    return now is not None and now.began == process.began


def _reap(processes: Sequence[Process]) -> None:
    for process in processes:
        with suppress(ChildProcessError):  # only those that came to us are ours to wait for
            os.waitpid(process.pid, os.WNOHANG)
