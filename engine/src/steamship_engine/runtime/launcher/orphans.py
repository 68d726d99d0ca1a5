"""Ending what is left of dead workers: every child of the launcher's that is no zygote."""

import os
import signal
from collections.abc import Callable, Container

from steamship_engine.runtime.launcher import proc

_ROUNDS = 8


def sweep(zygotes: Container[int], reaped: Callable[[int, int], None]) -> bool:
    """Kill them all, with everything below them. Whether none was left at the end.

    `reaped` is told the exit code of each child that has ended, a zygote too.
    """
    me = os.getpid()
    for _ in range(_ROUNDS):
        _reap(reaped)
        orphans = [child for child in proc.children(me) if child not in zygotes]
        if not orphans:
            return True
        # Stopped first, so that none forks while the others are looked for.
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for pid in [*orphans, *(below for orphan in orphans for below in proc.descendants(orphan))]:
                _signal(pid, number)
    _reap(reaped)
    return False


def _reap(reaped: Callable[[int, int], None]) -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        reaped(pid, os.waitstatus_to_exitcode(status))


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
