"""An engine that is killed leaves no worker."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from steamship_engine.runtime.scratch import Scratch
from tests.services.runtimes import gone, tiny_wheel

_ENGINE = """
import asyncio, os, sys
from pathlib import Path
from tests.services.runtimes import bench, request

async def main():
    data, wheel, folder, path = Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4]
    async with bench(data, wheel, folder) as made:
        crashes = await made.instance("crashes")
        pids = [(await made.call(crashes, "/pid")).json, (await made.call(crashes, "/leave_child")).json]
        print(*pids, flush=True)
        if path:
            await made.call(crashes, path)
        await asyncio.sleep(1000)

asyncio.run(main())
"""


@pytest.mark.parametrize("path", ["", "/hang", "/spin"])
def test_no_worker_survives_kill_9_of_the_engine(runtime_data, tmp_path, path):
    """Idle or in the middle of a call, the worker and what it forked are gone when the engine is killed."""
    wheel = tiny_wheel(tmp_path)
    engine = subprocess.Popen(
        [sys.executable, "-c", _ENGINE, runtime_data, wheel, tmp_path, path],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[4])},
    )
    with engine:
        assert engine.stdout is not None
        pids = [int(word) for word in engine.stdout.readline().split()]
        assert len(pids) == 2
        assert not any(map(gone, pids))
        engine.kill()
    deadline = time.monotonic() + 10
    while not all(map(gone, pids)) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert all(map(gone, pids))
    Scratch(runtime_data / "scratch").close()
    assert not list((runtime_data / "scratch").iterdir())
