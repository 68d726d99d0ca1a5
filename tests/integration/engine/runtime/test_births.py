"""What a worker has of its own when it is born, and what it shares."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.services.runtimes import gone


def test_a_worker_has_its_class_before_it_has_an_instance(nurse):
    """The import happens in the zygote: two workers are its children, print nothing, and count for themselves."""

    async def work(n):
        version = n.version("hoards")
        first, second = [await n.grown(version) for _ in range(2)]
        assert n.lines == ["imported"]
        assert [await first.call("/count"), await first.call("/count"), await second.call("/count")] == [
            1,
            2,
            1,
        ]
        told = [await first.call("/self"), await second.call("/self")]
        assert {facts["parent"] for facts in told} == {n.zygote_pid()}
        assert [facts["pid"] for facts in told] == [first.process.pid, second.process.pid]
        assert [facts["session"] for facts in told] == [first.process.pid, second.process.pid]
        assert not first.lines and not second.lines
        assert n.zygotes.shared(version) == ()

    nurse(work)


def test_a_worker_has_no_descriptor_but_its_own(nurse):
    """Of many siblings none has a descriptor beside the standard ones, its channel, and its own pipes and file."""

    async def work(n):
        version = n.version("hoards")
        grown = [await n.grown(version) for _ in range(5)]
        channels = set()
        for worker in grown:
            found = (await worker.call("/self"))["descriptors"]
            channels.add(found["3"])
            others = {number: name for number, name in found.items() if number not in {"0", "3"}}
            assert found["0"] == "/dev/null"
            assert found["3"].startswith("socket:")
            assert all(name.startswith(("pipe:", "/proc/")) for name in others.values())
        assert len(channels) == 5

    nurse(work)


def test_a_worker_sees_no_secret_of_the_engines_or_a_siblings(nurse, monkeypatch):
    """Neither the engine's environment nor another worker's config is in a worker's environment."""
    monkeypatch.setenv("STEAMSHIP_ENGINE_CANARY", "canary-of-the-engine")

    async def work(n):
        version = n.version("hoards")
        first, second = [await n.grown(version) for _ in range(2)]
        told = [await first.call("/self"), await second.call("/self")]
        for facts in told:
            assert "canary" not in repr(facts)
            assert set(facts["environ"]) <= {"HOME", "TMPDIR", "PATH", "LANG", "LC_CTYPE"}
        for pid in (n.launcher_pid(), n.zygote_pid()):
            assert b"canary" not in Path(f"/proc/{pid}/environ").read_bytes()

    nurse(work)


def test_a_worker_writes_in_its_own_scratch_folder(nurse):
    """HOME and the folder for temporary files are the worker's own, even where the import has looked for them before."""

    async def work(n):
        version = n.version("hoards")
        first, second = [await n.grown(version) for _ in range(2)]
        for worker in (first, second):
            facts = await worker.call("/self")
            assert facts["environ"]["HOME"] == facts["environ"]["TMPDIR"] == facts["temporary"]
            assert facts["temporary"] == str(worker.process.scratch)
        assert first.process.scratch != second.process.scratch
        assert (await first.call("/self"))["random"] != (await second.call("/self"))["random"]
        await first.process.ended()
        assert not first.process.scratch.exists()
        assert second.process.scratch.exists()

    nurse(work)


def test_what_was_taken_of_the_streams_at_the_import_prints_in_a_worker(nurse):
    """Who has kept `sys.stdout` at the import prints with it as the worker."""

    async def work(n):
        worker = await n.grown(n.version("hoards"))
        await worker.call("/say", text="through the old one")
        assert worker.lines == ["through the old one"]

    nurse(work)


def test_fifty_workers_at_once(nurse):
    """Fifty askers at the same moment get fifty workers of one zygote."""

    async def work(n):
        version = n.version("hoards")
        processes = await asyncio.gather(*(n.born(version) for _ in range(50)))
        assert len({process.pid for process in processes}) == 50
        assert n.zygotes.count() == 1
        children = Path(f"/proc/{n.zygote_pid()}/task/{n.zygote_pid()}/children").read_text().split()
        assert {process.pid for process in processes} <= set(map(int, children))
        await asyncio.gather(*(process.ended() for process in processes))
        assert all(gone(process.pid) for process in processes)
        assert not list(n.scratch._folder.glob("worker-*"))

    nurse(work)


def test_an_asker_who_leaves_costs_no_worker(nurse):
    """A worker whose asker was cancelled while it was born is ended, and its folder removed."""

    async def work(n):
        version = n.version("hoards")
        kept = await n.born(version)
        asking = asyncio.create_task(n.born(version))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        asking.cancel()
        await asyncio.wait([asking])
        async with asyncio.timeout(10):
            while len(list(n.scratch._folder.glob("worker-*"))) > 1:
                await asyncio.sleep(0.01)
        assert kept.alive
        assert kept.scratch.exists()
        assert (await n.born(version)).alive

    nurse(work)
