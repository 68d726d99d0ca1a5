"""SIGTERM: what is running is finished, nothing new is begun."""

from __future__ import annotations

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.acceptance.conftest import StartEngine
from tests.packages import zipped
from tests.services.deploying import Api
from tests.services.sandboxes import NO_SANDBOX

SLOW = """
import pathlib, time
from steamship.invocable import PackageService, post

class Slow(PackageService):
    @post("slow")
    def slow(self, mark: str, seconds: float) -> str:
        pathlib.Path(mark).touch()
        time.sleep(seconds)
        return "done"
"""


def test_a_call_in_flight_is_finished(start_engine: StartEngine, tmp_path: Path) -> None:
    """A call that runs when SIGTERM comes gets its answer, new connections are refused, and the exit code is 0."""
    engine = start_engine(**NO_SANDBOX)
    api = Api(engine.api_base, engine.key)
    api.deploy("slow", zipped({"api.py": SLOW}))
    instance = api("package/instance/create", {"packageHandle": "slow", "handle": "slow"})["packageInstance"]
    mark = tmp_path / "running"
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(
            httpx.post,
            instance["invocationURL"] + "slow",
            json={"mark": str(mark), "seconds": 1.5},
            headers={"Authorization": f"Bearer {engine.key}"},
            timeout=60,
        )
        ends = time.monotonic() + 30
        while not mark.exists():
            assert time.monotonic() < ends, engine.log()
            assert not call.done(), call.result().text
            time.sleep(0.01)
        os.kill(engine.pid, signal.SIGTERM)
        answer = call.result()
    assert (answer.status_code, answer.text) == (200, "done")
    assert engine.stop() == 0
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{engine.app_base}livez")
    api.close()
