"""Instances that are made, called and deleted leave nothing behind, however many there were."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.acceptance.conftest import StartEngine
from tests.packages import zipped
from tests.services.deploying import Api
from tests.services.engine import EngineProcess

PACKAGE = """
from steamship.invocable import PackageService, post

class Brief(PackageService):
    @post("greet")
    def greet(self, name: str) -> str:
        return f"Hello, {name}"
"""
KIB = 1024


@dataclass(frozen=True)
class Left:
    """What an engine and its processes hold, and what the machine holds for them."""

    descriptors: int
    processes: int
    scratch: int
    namespaces: int
    users: int
    groups: int
    mounts: int
    resident: int

    @property
    def counted(self) -> tuple[int, ...]:
        """All but the memory, which no two looks find the same."""
        return (
            *(self.descriptors, self.processes, self.scratch),
            *(self.namespaces, self.users, self.groups, self.mounts),
        )


def left(engine: EngineProcess) -> Left:
    """What the engine holds now, all processes below it included."""
    pids = [engine.pid, *below(engine.pid)]
    return Left(
        descriptors=sum(1 for pid in pids for _ in Path(f"/proc/{pid}/fd").iterdir()),
        processes=len(pids),
        scratch=sum(1 for _ in (engine.data_dir / "scratch").rglob("*")),
        namespaces=len({link.readlink() for pid in pids for link in Path(f"/proc/{pid}/ns").iterdir()}),
        users=len({Path(f"/proc/{pid}").stat().st_uid for pid in pids}),
        groups=sum(
            1
            for pid in pids
            for folder in Path("/sys/fs/cgroup").rglob(f"steamship-{pid}/*-*")
            if folder.is_dir()
        ),
        mounts=len(Path("/proc/self/mountinfo").read_text().splitlines()),
        resident=sum(resident(pid) for pid in pids),
    )


def below(pid: int) -> list[int]:
    """The processes that descend from it."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in map(int, (task / "children").read_text().split()):
            found += [child, *below(child)]
    return found


def resident(pid: int) -> int:
    """A process's own resident memory, in bytes."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")


def settled(engine: EngineProcess) -> Left:
    """What the engine holds once nobody comes and nobody ends any more."""
    before = None
    ends = time.monotonic() + 30
    while time.monotonic() < ends:
        try:
            found = left(engine)
        except (FileNotFoundError, ProcessLookupError):
            continue  # a process ended while it was looked at
        if found.counted == before:
            return found
        before = found.counted
        time.sleep(1)
    raise AssertionError(f"the engine does not come to rest: {before}")


class Churn:
    """One client of one engine, over one connection each for the API and the instances."""

    def __init__(self, engine: EngineProcess) -> None:
        self._client = httpx.Client(
            headers={"authorization": f"Bearer {engine.key}"}, timeout=60, trust_env=False
        )
        self._api = engine.api_base

    def _do(self, operation: str, **body: Any) -> Any:
        answer = self._client.post(f"{self._api}{operation}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    def cycles(self, count: int) -> None:
        """Make an instance, call it and delete it, so many times."""
        for number in range(count):
            made = self._do("package/instance/create", packageHandle="brief", handle=f"n-{number}")
            instance = made["packageInstance"]
            url = f"{instance['invocationURL'].rstrip('/')}/greet"
            answer = self._client.post(url, json={"name": "you"})
            assert (answer.status_code, answer.text) == (200, "Hello, you")
            self._do("package/instance/delete", id=instance["id"])

    def close(self) -> None:
        self._client.close()


def churned(engine: EngineProcess, warm: int, count: int) -> tuple[Left, Left]:
    """What the engine holds after the first cycles, and after the others."""
    api = Api(engine.api_base, engine.key)
    package = zipped({"api.py": PACKAGE, "requirements.txt": ""})
    api.deploy("brief", package, version="1.0.0")
    churn = Churn(engine)
    churn.cycles(warm)
    # The process that waits for a next version waits some minutes: a deploy before each look, so that it is there.
    api.deploy("brief", package, version="1.0.1")
    before = settled(engine)
    churn.cycles(count)
    api.deploy("brief", package, version="1.0.2")
    after = settled(engine)
    churn.close()
    api.close()
    return before, after


@pytest.fixture
def churn(start_engine: StartEngine) -> Callable[[int, int], tuple[Left, Left]]:
    return lambda warm, count: churned(start_engine(), warm, count)


def test_a_few_hundred_instances_leave_nothing(churn: Callable[[int, int], tuple[Left, Left]]) -> None:
    """All that is counted is what it was before 150 instances came and went; namespaces, users, groups and mounts too."""
    before, after = churn(20, 150)
    assert after.counted == before.counted, (before, after)


@pytest.mark.slow
def test_twenty_thousand_instances_leave_nothing(churn: Callable[[int, int], tuple[Left, Left]]) -> None:
    """After 20,000 instances all that is counted is as before, and memory within two percent."""
    before, after = churn(5_000, 20_000)
    assert after.counted == before.counted, (before, after)
    assert after.resident <= before.resident * 1.02, (before, after)
