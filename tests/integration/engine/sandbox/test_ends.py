"""However a zygote, the launcher or the engine ends, nothing of what they made is left."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from steamship_engine.model.errors import UnavailableError
from steamship_engine.runtime.layers import Layers
from tests.integration.engine.sandbox.modes import MODES
from tests.services.confinement import PORTS, Seen
from tests.services.killed_engine import assert_nothing_survives
from tests.services.runtimes import gone, tiny_wheel

pytestmark = pytest.mark.parametrize(
    "layers", [Layers(mode, PORTS) for mode in MODES], ids=lambda each: each.mode
)
_MARKS = (f"{os.getpid()}.{number}" for number in itertools.count(1000))
_ENGINE = """
import asyncio, sys
from pathlib import Path
from steamship_engine.model.sandbox import SandboxMode
from steamship_engine.runtime.layers import Layers
from tests.integration.engine.sandbox.test_ends import sleepers, until
from tests.services.confinement import PORTS
from tests.services.nursery import nursery

async def main():
    data, _, folder, mode, mark = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]), sys.argv[4], sys.argv[5]
    async with nursery(data, folder, Layers(SandboxMode(mode), PORTS)) as n:
        worker = await n.grown(n.version("tampers"))
        await worker.call("/daemons", mark=mark)
        await until(lambda: len(sleepers(mark)) == 3)
        print(n.launcher_pid(), n.zygote_pid(), worker.process.pid, *sleepers(mark), flush=True)
        await asyncio.sleep(1000)

asyncio.run(main())
"""


def sleepers(mark: str) -> list[int]:
    """The programs that `/daemons` has left, by this machine's ids."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:
            continue
        if words[0] == b"/bin/sleep" and mark.encode() in words:
            found.append(int(path.parent.name))
    return found


def groups(launcher: int) -> list[Path]:
    """The launcher's control groups, and those in them."""
    # Others' come and go meanwhile, which `os.walk` does not mind.
    folders = (Path(folder) for folder, _, _ in os.walk("/sys/fs/cgroup"))
    return [each for each in folders if f"steamship-{launcher}" in each.parts]


async def until(fact: Callable[[], bool]) -> None:
    """Wait for it, at most ten seconds."""
    async with asyncio.timeout(10):
        while not fact():
            await asyncio.sleep(0.01)


def _mounted() -> list[str]:
    return Path("/proc/self/mountinfo").read_text().splitlines()


async def _with_daemons(n):
    """A worker that has left programs running, and their ids."""
    worker, mark = await n.grown(n.version("tampers")), next(_MARKS)
    await worker.call("/daemons", mark=mark)
    await until(lambda: len(sleepers(mark)) == 3)
    return worker, sleepers(mark)


def test_a_worker_ends_with_all_that_it_started(nurse, layers):
    """Daemons go with it, and so do its control group and its scratch folder."""

    async def work(n):
        before = _mounted()
        worker, pids = await _with_daemons(n)
        await worker.process.ended()
        assert all(map(gone, pids))
        assert not [
            group for group in groups(n.launcher_pid()) if group.name == f"worker-{worker.process.number}"
        ]
        assert _mounted() == before

    nurse(work, layers=layers)


def test_nothing_survives_kill_9_of_the_zygote(nurse, layers):
    """Its workers, their daemons, control groups and users are gone; somebody else may have those users."""

    async def work(n):
        before = _mounted()
        _, pids = await _with_daemons(n)
        other, more = await _with_daemons(n)
        if os.geteuid() == 0:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as claim, pytest.raises(OSError):
                claim.bind(f"\0steamship-users-{min(Seen(n.zygote_pid()).users)}")
        zygote, users = n.zygote_pid(), Seen(n.zygote_pid()).users
        os.kill(zygote, signal.SIGKILL)
        await until(lambda: not other.process.alive)
        await until(lambda: all(map(gone, (zygote, *pids, *more))))
        await until(lambda: n.zygotes.count() == 0)
        launcher = n.launcher_pid()
        await until(lambda: len(groups(launcher)) in (0, 3))
        assert _mounted() == before
        if os.geteuid() == 0:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as claim:
                claim.bind(f"\0steamship-users-{min(users)}")
        assert (await n.born(n.version("tampers"))).alive

    nurse(work, layers=layers)


def test_nothing_survives_kill_9_of_the_launcher(nurse, layers):
    """Zygote, worker and daemons are gone; the next launcher removes the control groups that it could not."""

    async def work(n):
        before = _mounted()
        _, pids = await _with_daemons(n)
        zygote, launcher = n.zygote_pid(), n.launcher_pid()
        os.kill(launcher, signal.SIGKILL)
        await until(lambda: all(map(gone, (launcher, zygote, *pids))))
        await until(lambda: n.zygotes.count() == 0)
        assert (await n.born(n.version("tampers"))).alive
        assert n.launcher_pid() != launcher
        assert groups(launcher) == []
        assert _mounted() == before

    nurse(work, layers=layers)


def test_a_zygote_that_would_outlive_the_launcher_does_not(nurse, layers):
    """It is killed by the engine, and its worker with it, though no signal and no closed socket ends it."""

    async def work(n):
        version = n.version("tampers", {"chosen.py": "NAME = 'outlives_the_launcher'\n"})
        worker = await n.grown(version)
        zygote, launcher = n.zygote_pid(), n.launcher_pid()
        os.kill(launcher, signal.SIGKILL)
        await until(lambda: all(map(gone, (launcher, zygote, worker.process.pid))))

    nurse(work, layers=layers)


def test_workers_that_end_disturb_no_birth(nurse, layers):
    """While others of its zygote end and wait to be reaped, each worker is born."""

    async def work(n):
        version = n.version("tampers")
        zygote = await n.zygotes._warm(version)
        before = await n.zygotes._born(zygote)
        for _ in range(40):
            _, after = await asyncio.gather(before.ended(), n.zygotes._born(zygote))
            before = after
        n.processes.append(before)

    nurse(work, layers=layers)


def test_a_birth_that_the_launcher_does_not_see_to_its_end_leaves_nothing(nurse, layers):
    """A launcher that is killed while a worker and its zygote are stopped takes both along."""

    async def work(n):
        zygote = await n.zygotes._warm(n.version("tampers"))
        asked = [asyncio.create_task(n.zygotes._born(zygote)) for _ in range(20)]
        await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
        children = Path(f"/proc/{zygote.process.pid}/task/{zygote.process.pid}/children")
        pids = list(map(int, children.read_text().split()))
        os.kill(n.launcher_pid(), signal.SIGKILL)
        done = await asyncio.gather(*asked, return_exceptions=True)
        n.processes += [each for each in done if not isinstance(each, UnavailableError)]
        await until(lambda: all(map(gone, (zygote.process.pid, *pids))))

    nurse(work, layers=layers)


def test_nothing_survives_kill_9_of_the_engine(runtime_data, tmp_path, layers):
    """Launcher, zygote, worker and daemons are gone, and so are the launcher's control groups."""
    assert_nothing_survives(
        _ENGINE, runtime_data, tiny_wheel(tmp_path), tmp_path, layers.mode, next(_MARKS), processes=6
    )


def test_who_stops_waiting_for_an_end_leaves_no_socket(nurse, layers):
    """The engine's ends of the channel and the listeners are closed although whoever waited was cancelled."""

    async def work(n):
        process = await n.born(n.version("tampers"))
        ending = asyncio.create_task(process.ended())
        await asyncio.sleep(0)
        ending.cancel()
        await asyncio.wait([ending])
        assert ending.cancelled()
        assert process.socket.fileno() == -1
        assert {listener.fileno() for listener in process.listeners.values()} == {-1}

    nurse(work, layers=layers)
