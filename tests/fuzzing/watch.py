"""One input, looked at: which lines it reached, how much memory it took, whether it came to an end."""

from __future__ import annotations

import contextlib
import resource
import signal
import sys
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

from tests.fuzzing.target import Target

_SHARE = 24
_SECONDS = 10.0

Arc = tuple[str, int, int]
"""A step from one line to another in one file."""


def reached(target: Target, data: bytes) -> set[Arc]:
    """Check the input; the steps that it went through the target's modules."""
    files = {module.__file__ for module in target.watched}
    arcs: set[Arc] = set()

    def of_call(frame: FrameType, event: str, argument: Any) -> Any:
        name = frame.f_code.co_filename
        if name not in files:
            return None
        last = 0

        def of_line(frame: FrameType, event: str, argument: Any) -> Any:
            nonlocal last
            if event == "line":
                arcs.add((name, last, frame.f_lineno))
                last = frame.f_lineno
            return of_line

        return of_line

    before = sys.gettrace()
    sys.settrace(of_call)
    try:
        target.check(data)
    finally:
        sys.settrace(before)
    return arcs


def check_memory(target: Target, data: bytes) -> None:
    """Check the input; AssertionError when it takes more memory than inputs of its size may."""
    allowed = target.memory + _SHARE * len(data)
    tracing = tracemalloc.is_tracing()
    if not tracing:
        tracemalloc.start()
    try:
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        target.check(data)
        taken = tracemalloc.get_traced_memory()[1] - before
    finally:
        if not tracing:
            tracemalloc.stop()
    assert taken <= allowed, f"{taken} bytes for an input of {len(data)}; {allowed} at most"


@contextlib.contextmanager
def ending(seconds: float = _SECONDS) -> Iterator[None]:
    """TimeoutError for what takes more of the processor's time."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"no end after {seconds} seconds of processor time")

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def bound_memory(extra: int) -> None:
    """MemoryError from now on for whoever wants `extra` bytes more than the process has."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + extra
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
