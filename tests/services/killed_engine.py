"""A program with a runtime that is killed with SIGKILL, and what may be left of it: nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from steamship_engine.runtime.scratch import Scratch
from tests.services.runtimes import gone

_WITHIN_S = 10


def assert_nothing_survives(program: str, data: Path, *arguments: str | Path, processes: int) -> None:
    """Run the program until it prints that many process ids, kill it, and wait until all of them and its scratch are gone."""
    engine = subprocess.Popen(
        [sys.executable, "-c", program, data, *arguments],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    with engine:
        assert engine.stdout is not None
        pids = [int(word) for word in engine.stdout.readline().split()]
        assert len(pids) == processes
        assert not any(map(gone, pids))
        engine.kill()
    deadline = time.monotonic() + _WITHIN_S
    while not all(map(gone, pids)) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert all(map(gone, pids))
    Scratch(data / "scratch").close()
    assert not list((data / "scratch").iterdir())
