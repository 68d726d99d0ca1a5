"""Packages that take too much: their caller is told, the next call gets a worker, and nothing of them is left."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.sandbox.columns import Column
from tests.packages import bundle
from tests.services.tenants import Answer, Tenant, Tenants

_LIMITS = {
    "memory": "128 MiB",
    "processes": 40,
    "files": 256,
    "scratch": "32 MiB",
    "cpu": 1,
    "max_workers": 1,
}
_MEMORY, _CRASHED, _TIMEOUT = "PackageMemory", "PackageCrashed", "PackageTimeout"
_REFUSED = "refused"
_ON_DISK = ("landlock", "none")
"""The modes in which scratch is a folder on disk, looked at now and then."""

WAYS = {
    "heap": {_MEMORY},
    "mapped": {_MEMORY},
    "children": {_MEMORY},
    "memory_of_scratch": {_MEMORY, _CRASHED, "PackageError"},
    "memory_of_shm": {_MEMORY, _CRASHED, "PackageError"},
    "fork_bomb": {_CRASHED, _REFUSED},
    "threads": {_CRASHED, _REFUSED},
    "descriptors": {_REFUSED},
    "one_file": {_CRASHED, _MEMORY, _REFUSED},
    "many_files": {_CRASHED, _MEMORY, _REFUSED},
    "empty_files": {_CRASHED, _MEMORY, _REFUSED},
    "sparse_file": {_REFUSED},
    "deleted_files": {_CRASHED, _MEMORY, _REFUSED},
    "stdout": {"said"},
    "long_line": {"said", _MEMORY},
    "log_flood": {"said"},
}
"""How each may end: with an error's code, or with what the system told it."""

TIMES = ("loop", "masked", "blocked_in_c", "sleeping", "stubborn", "loops_of_children")


@pytest.fixture(scope="session")
def greedy(tenants: Tenants) -> Iterator[Tenant]:
    """A user's instance that takes too much. Its calls may take 30 seconds."""
    yield from _tenant(tenants, "greedy", 30)


@pytest.fixture(scope="session")
def frugal(tenants: Tenants) -> Iterator[Tenant]:
    """The same with a quarter of a processor."""
    yield from _tenant(tenants, "frugal", 30, cpu=0.25)


@pytest.fixture(scope="session")
def slow(tenants: Tenants) -> Iterator[Tenant]:
    """The same, whose calls may take a second."""
    yield from _tenant(tenants, "slow", 1)


def _tenant(tenants: Tenants, handle: str, seconds: int, **limits: float) -> Iterator[Tenant]:
    limited = {**_LIMITS, **limits, "timeout_s": seconds}
    manifest = {"type": "package", "handle": handle, "version": "1.0.0", "limits": limited}
    files = {"steamship.json": json.dumps(manifest), "requirements.txt": ""}
    tenant = Tenant(tenants.engine.api_base, tenants.attacker_key)
    tenant.api.deploy(handle, bundle("hostile/limits", files), version="1.0.0", public=False)
    tenant.use(handle, handle)
    yield tenant
    tenant.close()


def _ending(answer: Answer) -> str:
    """An error's code, or the first word of what a method told."""
    return str(answer.code) if answer.status != 200 else answer.body.split(":")[0].split(" ")[0]


@pytest.mark.parametrize("way", WAYS)
def test_too_much_is_refused(column: Column, greedy: Tenant, tenants: Tenants, way: str) -> None:
    """Taking four times the limit ends in a typed error or in the system's refusal, and the next call is answered."""
    before = _resident(tenants.engine.pid)
    answer = greedy.try_call("take", way=way)
    expected = WAYS[way] | ({"100"} if way == "deleted_files" and column.mode in _ON_DISK else set())
    assert _ending(answer) in expected, answer.body
    assert greedy.call("greet", name="again") == "Hello, again!"
    _alone(greedy)
    assert _resident(tenants.engine.pid) < before + (64 << 20)


@pytest.mark.parametrize("way", TIMES)
def test_the_time_is_up_for_the_deaf_too(slow: Tenant, way: str) -> None:
    """Whoever hears no signal is ended at the deadline with 504, and the next call gets a fresh worker."""
    pid = slow.call("pid")
    host_pid = slow.worker_pid()
    answer = slow.try_call("take", way=way)
    assert (answer.status, answer.code) == (504, _TIMEOUT)
    assert slow.call("greet") == "Hello, you!"
    assert slow.worker_pid() != host_pid
    assert isinstance(pid, int)
    _gone(host_pid)
    _alone(slow)


def test_a_share_of_a_processor_is_no_more(column: Column, frugal: Tenant) -> None:
    """With control groups a worker of a quarter of a processor gets at most a half over two seconds."""
    percent = int(frugal.call("take", way="share"))
    if column.mode == "full":
        assert percent <= 50
    else:
        assert percent > 0


@pytest.mark.slow
def test_a_gigabyte_of_output_is_not_kept(greedy: Tenant, tenants: Tenants) -> None:
    """A package that prints 1 GiB is answered, and the engine has not grown by what it said."""
    before = _resident(tenants.engine.pid)
    assert greedy.call("take", way="gigabyte_of_stdout") == "said"
    assert _resident(tenants.engine.pid) < before + (64 << 20)


def _alone(tenant: Tenant) -> None:
    """Wait until the instance's worker has no process below it, and a scratch folder without files."""
    ends = time.monotonic() + 20
    while time.monotonic() < ends:
        pid = tenant.worker_pid()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        if not children and tenant.call("scratch") == 0:
            return
        time.sleep(0.05)
    raise AssertionError("something of the attack is left")


def _gone(pid: int) -> None:
    """Wait for the end of a process: one that has used up its share of a processor takes its time to die."""
    ends = time.monotonic() + 20
    while time.monotonic() < ends:
        if not Path(f"/proc/{pid}").exists():
            return
        time.sleep(0.02)
    raise AssertionError(f"process {pid} lives on")


def _resident(pid: int) -> int:
    """Resident memory in bytes."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096
