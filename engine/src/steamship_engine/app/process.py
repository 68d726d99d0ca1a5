"""What the engine's own process takes, as the kernel tells it."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

_PAGE = os.sysconf("SC_PAGE_SIZE")
_STARTED = time.time()


@dataclass(frozen=True)
class ProcessFacts:
    """Processor time in seconds, resident memory in bytes, open descriptors, and its start in seconds since 1970."""

    cpu_s: float
    resident: int
    descriptors: int
    started: float


def look() -> ProcessFacts:
    """The facts of now."""
    times = os.times()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return ProcessFacts(
        cpu_s=times.user + times.system,
        resident=pages * _PAGE,
        descriptors=sum(1 for _ in Path("/proc/self/fd").iterdir()),
        started=_STARTED,
    )
