"""The launcher: what it ends, when it ends itself, and the limits that it holds."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest

from steamship_engine.model.errors import UnavailableError
from steamship_engine.model.limits import MIB
from steamship_engine.model.version_limits import VersionLimits
from steamship_engine.runtime.launching import Ground
from tests.services.killed_engine import assert_nothing_survives
from tests.services.runtimes import gone

_ENGINE = """
import asyncio, os, sys
from pathlib import Path
from tests.services.nursery import nursery

async def main():
    async with nursery(Path(sys.argv[1]), Path(sys.argv[2])) as n:
        version = n.version("hoards")
        workers = [await n.grown(version) for _ in range(2)]
        daemon = await workers[0].call("/daemon")
        print(n.launcher_pid(), n.zygote_pid(), *(worker.process.pid for worker in workers), daemon, flush=True)
        await asyncio.sleep(1000)

asyncio.run(main())
"""


def test_nothing_survives_kill_9_of_the_engine(runtime_data, tmp_path):
    """Launcher, zygote, workers and a daemon that has left its parents and its session end with the engine."""
    assert_nothing_survives(_ENGINE, runtime_data, tmp_path, processes=5)


def test_a_killed_launcher_takes_all_along_and_is_replaced(nurse):
    """After a kill -9 of the launcher no zygote and no worker is left, and the next asker gets new ones."""

    async def work(n):
        version = n.version("hoards")
        workers = [await n.born(version) for _ in range(2)]
        pids = [n.zygote_pid(), *(worker.pid for worker in workers)]
        launcher = n.launcher_pid()
        os.kill(launcher, signal.SIGKILL)
        assert [await worker.exit_code(within=10) for worker in workers] == [None, None]
        async with asyncio.timeout(10):
            while not all(map(gone, [launcher, *pids])):
                await asyncio.sleep(0.01)
        again = await n.grown(version)
        assert await again.call("/count") == 1
        assert n.launcher_pid() != launcher

    nurse(work)


def test_a_daemon_ends_with_its_worker(nurse):
    """A process that was forked twice into a session of its own is below its worker, and gone when that is told gone."""

    async def work(n):
        version = n.version("hoards")
        worker, other = await n.grown(version), await n.grown(version)
        daemon = await worker.call("/daemon")
        parent = Path(f"/proc/{daemon}/stat").read_text().rsplit(")", 1)[1].split()[1]
        assert int(parent) == worker.process.pid
        worker.process.kill()
        assert await worker.process.exit_code(within=10) == -signal.SIGKILL
        assert gone(daemon)
        assert other.process.alive

    nurse(work)


def test_a_worker_that_ends_by_itself_is_told_with_its_code(nurse):
    """Exit codes and signals arrive as the kernel knows them, for one worker and not for its sibling."""

    async def work(n):
        version = n.version("crashes")
        exits, dies, lives = [await n.grown(version) for _ in range(3)]
        with pytest.raises(EOFError):
            await exits.call("/exit", code=7)
        with pytest.raises(EOFError):
            await dies.call("/segfault")
        assert await exits.process.exit_code(within=10) == 7
        assert await dies.process.exit_code(within=10) == -signal.SIGSEGV
        assert exits.process.why is None
        assert await lives.call("/pid") == lives.process.pid

    nurse(work)


@pytest.mark.parametrize(
    ("path", "arguments", "why"),
    [
        ("/memory", {"megabytes": 230}, "memory"),
        ("/memory_of_children", {"megabytes": 60, "children": 5}, "memory"),
        ("/processes", {"count": 20}, "processes"),
        ("/scratch", {"megabytes": 40}, "scratch"),
    ],
)
def test_a_worker_that_takes_too_much_is_ended_with_the_reason(nurse, path, arguments, why):
    """Memory and processes count for the whole tree, files in the scratch folder together; a sibling goes on."""

    async def work(n):
        version = n.version("hoards", memory=200 * MIB, processes=10, scratch=20 * MIB)
        worker, other = await n.grown(version), await n.grown(version)
        calling = asyncio.create_task(worker.call(path, **arguments))
        assert await worker.process.exit_code(within=20) == -signal.SIGKILL
        assert worker.process.why == why
        await asyncio.wait([calling])
        assert await other.call("/count") == 1
        assert other.process.alive

    nurse(work)


def test_what_a_worker_shares_with_its_zygote_is_not_held_against_it(nurse):
    """Five processes of a worker may each see the same large import: it is there once."""
    code = "import os, time\nKEPT = [b'x' * 1_000_000 for _ in range(80)]\n"
    code += (
        "from steamship.invocable import PackageService, post\n\n\nclass Large(PackageService):\n"
        '    @post("fork")\n    def fork(self) -> str:\n        for _ in range(4):\n'
        "            if os.fork() == 0:\n                time.sleep(1000)\n        return 'done'\n"
    )

    async def work(n):
        worker = await n.grown(n.version("hoards", {"api.py": code}, memory=200 * MIB))
        await worker.call("/fork")
        assert await worker.process.exit_code(within=1.5) is None
        assert worker.process.alive

    nurse(work)


def test_an_interpreter_that_cannot_be_executed_is_told(nurse, tmp_path):
    """A zygote whose interpreter is none fails with the kernel's reason, and leaves nothing."""

    async def work(n):
        for python in (tmp_path / "missing", tmp_path):
            with pytest.raises(UnavailableError, match="Errno"):
                await n.launcher.zygote(Ground(python, None, n.scratch.folder("zygote"), VersionLimits()))

    nurse(work)


def test_the_launcher_holds_the_engines_socket_alone(nurse):
    """It has none of the engine's descriptors but its own socket, a clean environment, and a session of its own."""

    async def work(n):
        with (n.folder / "of-the-engine").open("w") as opened:
            os.set_inheritable(opened.fileno(), True)
            await n.born(n.version("hoards"))
            pid = n.launcher_pid()
            targets = {entry.name: str(entry.readlink()) for entry in Path(f"/proc/{pid}/fd").iterdir()}
            assert not [target for target in targets.values() if "of-the-engine" in target]
            assert targets["3"].startswith("socket:")
            assert os.getsid(pid) == pid
            environ = Path(f"/proc/{pid}/environ").read_bytes()
            assert {entry.partition(b"=")[0] for entry in environ.split(b"\0") if entry} <= {b"LC_CTYPE"}

    nurse(work)
