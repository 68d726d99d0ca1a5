"""One zygote for the workers of a version: what it imports, when it may not be shared, and how its death is repaired."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest

from steamship_engine.model.errors import DeployError, PackageReplyError
from steamship_engine.runtime import head_starts
from tests.services.runtimes import gone, instance_of

_CLASS = """
from steamship.invocable import PackageService, post


class Tells(PackageService):
    @post("pid")
    def pid(self) -> int:
        import os

        return os.getpid()
"""


@pytest.mark.parametrize(
    ("name", "path", "problem"),
    [
        ("threads_on_import", "/count", "it has 2 threads"),
        ("opens_on_import", "/where", 'open on "api.py"'),
        ("maps_on_import", "/read", "it shares writable memory: "),
    ],
)
def test_what_must_not_be_shared_is_imported_by_each_worker(nurse, name, path, problem):
    """A thread, a file, or shared memory that an import leaves is found; each worker then imports for itself."""

    async def work(n):
        version = n.version(name)
        first, second = [await n.grown(version) for _ in range(2)]
        assert problem in ", ".join(n.zygotes.shared(version))
        assert await first.call(path) == await second.call(path)
        assert n.zygotes.count() == 1

    nurse(work)


def test_memory_made_at_the_import_is_no_channel_between_workers(nurse):
    """What one worker writes into memory that the import has made shared, no other worker reads."""

    async def work(n):
        version = n.version("maps_on_import")
        first, second = [await n.grown(version) for _ in range(2)]
        await first.call("/write", text="secret")
        assert await first.call("/read") == "secret"
        assert not await second.call("/read")

    nurse(work)


def test_the_next_version_of_an_environment_has_a_head_start(tiny, monkeypatch):
    """A process that has the SDK waits for it, and becomes the zygote of the version that is deployed next."""
    monkeypatch.setattr(head_starts, "DELAY", 0)

    async def work(bench):
        first = await bench.instance("crashes")
        pid = (await bench.call(first, "/pid")).json
        ready = bench.runtime._zygotes._head_starts
        await bench.until(lambda: ready._one is not None)
        assert ready._one is not None
        waiting = (await ready._one.process).pid
        version, _ = await bench.deploy("crashes", {"more.py": ""})
        second = (await bench.call(instance_of(version, "I-2"), "/pid")).json
        assert (_parent(second), _parent(pid)) == (waiting, _parent(pid))
        assert _parent(pid) != waiting

    tiny(work)


def _parent(pid):
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def test_one_import_for_all_who_ask_at_once(nurse):
    """Ten askers for a version that nobody used wait for one zygote."""

    async def work(n):
        version = n.version("hoards")
        await asyncio.gather(*(n.born(version) for _ in range(10)))
        assert n.lines == ["imported"]

    nurse(work)


def test_a_killed_zygote_takes_its_workers_along_and_is_replaced(nurse):
    """After a kill -9 of the zygote its workers are gone, and the next asker gets one of a fresh zygote."""

    async def work(n):
        version = n.version("hoards")
        workers = [await n.born(version) for _ in range(3)]
        zygote = n.zygote_pid()
        os.kill(zygote, signal.SIGKILL)
        assert [await worker.exit_code(within=10) for worker in workers] == [-signal.SIGKILL] * 3
        assert all(gone(pid) for pid in (zygote, *(worker.pid for worker in workers)))
        again = await n.grown(version)
        assert (await again.call("/self"))["parent"] == n.zygote_pid() != zygote

    nurse(work)


def test_a_zygote_that_dies_under_an_asker_is_replaced(nurse):
    """Whoever asks in the moment in which the zygote ends gets a worker of the next one."""

    async def work(n):
        version = n.version("hoards")
        await n.born(version)
        os.kill(n.zygote_pid(), signal.SIGSTOP)
        asking = asyncio.create_task(n.grown(version))
        await asyncio.sleep(0.05)
        os.kill(n.zygote_pid(), signal.SIGKILL)
        assert await (await asking).call("/count") == 1

    nurse(work)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("bad_import", "ModuleNotFoundError"),
        ("dies_on_import", "ended with exit code"),
        ("exits_on_import", "sys.exit"),
        ("no_class", "defines none"),
    ],
)
def test_a_failing_import_is_refused_at_every_asking(nurse, name, message):
    """The refusal has the author's own reason; nothing of the zygote is left, and the next asker is told anew."""

    async def work(n):
        version = n.version(name)
        for _ in range(2):
            with pytest.raises(DeployError, match=message):
                await n.born(version)
        assert n.zygotes.count() == 0

    nurse(work)


def test_a_hanging_import_is_ended(nurse):
    """An import that takes longer than it may is stopped, with what it printed as details."""

    async def work(n):
        with pytest.raises(DeployError, match="took longer than") as caught:
            await n.born(n.version("hangs_on_import"))
        assert caught.value.details == "about to hang"

    nurse(work, load=1)


def test_an_import_may_fork_and_start_daemons(nurse):
    """What an import forks, also what it forks away, ends; the version serves."""

    async def work(n):
        told = n.folder / "pid"
        # It is adopted, and found, in the moment in which the one between ends.
        daemon = (
            "import os, time\nif os.fork() == 0:\n    os.setsid()\n    reading, writing = os.pipe()\n"
            f"    if os.fork() == 0:\n        with open({str(told)!r}, 'w') as file:\n"
            "            file.write(str(os.getpid()))\n        os.write(writing, b'x')\n        time.sleep(1000)\n"
            "    os.read(reading, 1)\n    os._exit(0)\nos.wait()\n"
        )
        for name, more in (("forks_on_import", None), ("hoards", {"api.py": daemon + _CLASS})):
            worker = await n.grown(n.version(name, more))
            assert await worker.call("/pid") == worker.process.pid
        async with asyncio.timeout(10):
            while not gone(int(told.read_text())):
                await asyncio.sleep(0.01)

    nurse(work)


@pytest.mark.parametrize(
    "code",
    [
        "import os\nos.close(3)\n",
        "import os\nos.close(4)\n",
        "import os\nos.closerange(0, 100)\n",
        "import os\nos.write(3, b'x' * 100)\n",
        "import os\nos.kill(os.getpid(), 9)\n",
        "import threading, os\nthreading.Timer(0.0, os._exit, (3,)).start()\nimport time\ntime.sleep(10)\n",
        "import resource\nresource.setrlimit(resource.RLIMIT_DATA, (1, 1))\nx = [bytes(1000000) for _ in range(100)]\n",
        "import sys\nsys.stdout.close()\nsys.stderr = None\nraise ValueError('no')\n",
        "raise BaseException('odd')\n",
        "import sys\nsys.modules.clear()\n",
    ],
)
def test_an_import_that_breaks_its_process_is_refused_or_serves(nurse, code):
    """Whatever an import does to its own process, the asker gets a worker or a typed refusal, and nothing is left."""

    async def work(n):
        version = n.version("hoards", {"api.py": code + _CLASS})
        try:
            worker = await n.grown(version)
        except (DeployError, PackageReplyError):
            return
        assert await worker.call("/pid") == worker.process.pid

    nurse(work, load=20)


@pytest.mark.parametrize(
    "code",
    [
        "import signal\nfor n in (signal.SIGCHLD, signal.SIGTERM):\n    signal.signal(n, signal.SIG_IGN)\n",
        "import atexit, os\natexit.register(os._exit, 9)\n",
        "import sys\nsys.stdout = sys.stderr = None\n",
        "import random, tempfile\nrandom.seed(1)\ntempfile.mkstemp()[0]\n",
        "import logging\nlogging.basicConfig()\nlogging.getLogger().warning('logged')\n",
        "import asyncio\nasyncio.run(asyncio.sleep(0))\n",
    ],
)
def test_what_an_import_leaves_in_its_process_does_not_hinder_its_workers(nurse, code):
    """Handlers of signals and of the exit, replaced streams, seeds and loops at the import: two workers serve."""

    async def work(n):
        version = n.version("hoards", {"api.py": code + _CLASS})
        for _ in range(2):
            worker = await n.grown(version)
            assert await worker.call("/pid") == worker.process.pid
            await worker.process.ended()

    nurse(work)


def test_megabytes_printed_at_the_import_are_bounded(nurse):
    """Of a flood at the import the beginning arrives, and how much did not."""
    code = "for _ in range(100_000):\n    print('x' * 99)\n"

    async def work(n):
        await n.born(n.version("hoards", {"api.py": code + _CLASS}))
        assert 0 < len(n.lines) < 3_000
        assert "dropped" in n.lines[-1]

    nurse(work)


def test_zygotes_that_nobody_needs_make_room(nurse):
    """Above their number the one used longest ago without workers ends; those with workers stay."""

    async def work(n):
        versions = [n.version("hoards", {"mark.txt": str(number)}) for number in range(3)]
        first = await n.born(versions[0])
        second = await n.born(versions[1])
        await second.ended()
        await n.born(versions[2])
        assert n.zygotes.count() == 2
        assert first.alive
        assert (await n.born(versions[1])).alive

    nurse(work, zygotes=2)


def test_zygotes_with_workers_ask_for_their_sleep(nurse):
    """Where all zygotes have workers the engine is told those of the one used longest ago."""
    told = []

    async def work(n):
        n.zygotes._on_crowded = told.append
        versions = [n.version("hoards", {"mark.txt": str(number)}) for number in range(2)]
        first = await n.born(versions[0])
        await n.born(versions[1])
        assert told == [(first,)]
        await first.ended()
        assert n.zygotes.count() == 1

    nurse(work, zygotes=1)


def test_a_forgotten_bundle_has_no_zygote(nurse):
    """`forget` ends the bundle's zygotes and with them their workers, and no others."""

    async def work(n):
        version, other = n.version("hoards"), n.version("hoards", {"mark.txt": "other"})
        worker, kept = await n.born(version), await n.born(other)
        await n.zygotes.forget(version.bundle)
        assert (worker.alive, kept.alive, n.zygotes.count()) == (False, True, 1)

    nurse(work)


def test_a_spare_worker_is_nobodys_until_it_is_asked_for(nurse):
    """After one worker was asked for a second one is born ahead: the next asker gets that, and it is a worker like any."""

    async def work(n):
        version = n.version("hoards")
        first = await n.grown(version)
        assert await first.call("/count") == 1
        spare = await _spare(n)
        second = await n.grown(version)
        assert second.process is spare
        assert await second.call("/count") == 1

    nurse(work, spares=1)


def test_a_spare_that_dies_is_replaced(nurse):
    """A spare that is killed leaves no folder; the next asker gets another worker."""

    async def work(n):
        version = n.version("hoards")
        await n.born(version)
        spare = await _spare(n)
        os.kill(spare.pid, signal.SIGKILL)
        async with asyncio.timeout(10):
            while spare.scratch.exists():
                await asyncio.sleep(0.01)
        assert (await n.grown(version)).process is not spare

    nurse(work, spares=1)


def test_spares_are_few(nurse):
    """The spare of the zygote used longest ago goes for a newer one; a zygote that ends takes its own along."""

    async def work(n):
        versions = [n.version("hoards", {"mark.txt": str(number)}) for number in range(2)]
        await n.born(versions[0])
        first = await _spare(n)
        await n.born(versions[1])
        assert await first.exit_code(within=10) == -signal.SIGKILL
        second = await _spare(n)
        await n.zygotes.forget(versions[1].bundle)
        assert not second.alive

    nurse(work, spares=1)


async def _spare(n):
    """The spare that waits, once it is there."""
    async with asyncio.timeout(10):
        while not n.zygotes._spares._ready:
            await asyncio.sleep(0.01)
    (spare,) = n.zygotes._spares._ready.values()
    return spare
