"""An engine that is killed leaves no worker."""

from __future__ import annotations

import pytest

from tests.services.killed_engine import assert_nothing_survives
from tests.services.runtimes import tiny_wheel

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
    assert_nothing_survives(_ENGINE, runtime_data, tiny_wheel(tmp_path), tmp_path, path, processes=2)
