"""A zygote that waits for the next version of its environment: who gets it, what it sees, and what is left of it."""

from __future__ import annotations

import asyncio
import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from steamship_engine.model.network import Network
from steamship_engine.model.sandbox import SandboxMode
from steamship_engine.runtime import head_starts, trees
from steamship_engine.runtime.layers import Layers
from tests.integration.engine.sandbox.modes import MODES
from tests.services.confinement import PORTS, amiss
from tests.services.runtimes import gone

_LAYERS = [
    *(Layers(mode, PORTS) for mode in MODES),
    Layers(SandboxMode.LANDLOCK, PORTS),
    Layers(SandboxMode.NONE),
]
every_mode = pytest.mark.parametrize("layers", _LAYERS, ids=lambda each: each.mode)
_CODE = """
import os
from pathlib import Path

import part.of_it
from steamship.invocable import PackageService, post


class Looks(PackageService):
    @post("look")
    def look(self) -> dict:
        here = Path(__file__).parent
        found = sorted(str(path.relative_to(here)) for path in here.rglob("*"))
        try:
            (here / "more").write_text("")
            wrote = True
        except OSError:
            wrote = False
        return {"parent": os.getppid(), "here": str(here), "found": found, "wrote": wrote, "word": part.of_it.WORD}
"""
_FILES = {"api.py": _CODE, "part/__init__.py": "", "part/of_it.py": "WORD = 'mine'\n"}


@pytest.fixture(autouse=True)
def _soon(monkeypatch):
    monkeypatch.setattr(head_starts, "DELAY", 0)


async def _waiting(n, version):
    """The process that waits for a version like this one."""
    n.zygotes.expect_another(version)
    async with asyncio.timeout(10):
        while n.zygotes._head_starts._one is None:
            await asyncio.sleep(0.01)
        return await asyncio.shield(n.zygotes._head_starts._one.process)


@every_mode
def test_the_next_version_gets_the_process_that_waits(nurse, layers):
    """It becomes the version's zygote, sees that version's files, cannot change them, and is as confined as any other."""

    async def work(n):
        process = await _waiting(n, n.version("hoards"))
        version = n.version("echo", _FILES)
        worker = await n.grown(version)
        (zygote,) = n.zygotes._zygotes.values()
        assert zygote.process is process
        seen = await worker.call("/look")
        assert seen["word"] == "mine"
        assert {*seen["found"]} == _names(n.bundles.folder(version.bundle)) > set(_FILES)
        if layers.mode is not SandboxMode.NONE or os.geteuid():
            assert not seen["wrote"]
        if layers.mode.isolates:
            assert amiss(n, await n.born(version)) == []

    nurse(work, layers=layers)


def _names(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


@every_mode
def test_nothing_is_left_of_a_process_that_waited(nurse, layers):
    """Its folder of code goes with it, whether it became a zygote or not, and the bundle's files stay as they were."""

    async def work(n):
        first = await _waiting(n, n.version("hoards"))
        version = n.version("echo", _FILES)
        await n.grown(version)
        second = await _waiting(n, version)
        assert first.code != second.code
        await asyncio.gather(*(process.ended() for process in n.processes))
        await n.zygotes.close()
        assert all(gone(each.pid) for each in (first, second))
        assert not [each.code for each in (first, second) if each.code.exists()]
        kept = n.bundles.folder(version.bundle)
        assert (kept / "part" / "of_it.py").read_text() == _FILES["part/of_it.py"]
        assert {path.stat().st_nlink for path in kept.rglob("*.py")} == {1}

    nurse(work, layers=layers)


@pytest.mark.parametrize(
    "other",
    [
        {"environment": "another"},
        {"network": Network.HOST},
        {"limits": "another"},
    ],
    ids=lambda each: next(iter(each)),
)
def test_only_a_version_like_the_one_before_gets_it(nurse, other):
    """Another environment, network or memory needs a process that was started for it."""

    async def work(n):
        version = n.version("hoards")
        process = await _waiting(n, version)
        if "limits" in other:
            unlike = replace(version, limits=replace(version.limits, memory=version.limits.memory + 1))
        else:
            unlike = replace(version, **other)
        assert await n.zygotes._head_starts.take(unlike) is None
        assert await n.zygotes._head_starts.take(version) is process
        assert await n.zygotes._head_starts.take(version) is None
        await process.ended()

    nurse(work)


def test_one_that_has_died_is_nobody_s(nurse):
    """A version whose process died while it waited gets another one, and the dead one's folder goes."""

    async def work(n):
        version = n.version("hoards")
        process = await _waiting(n, version)
        os.kill(process.pid, signal.SIGKILL)
        await process.exit_code(within=10)
        assert await (await n.grown(version)).call("/count") == 1
        async with asyncio.timeout(10):
            while process.code.exists():
                await asyncio.sleep(0.01)

    nurse(work)


def test_one_that_nobody_wants_ends_after_a_while(nurse, monkeypatch):
    """A process for which no version came is not kept for ever."""
    monkeypatch.setattr(head_starts, "KEPT", 0.2)

    async def work(n):
        process = await _waiting(n, n.version("hoards"))
        assert await process.exit_code(within=10) is not None
        async with asyncio.timeout(10):
            while process.code.exists():
                await asyncio.sleep(0.01)
        assert await n.zygotes._head_starts.take(n.version("hoards")) is None

    nurse(work)


def test_where_files_cannot_be_linked_the_version_starts_as_ever(nurse, monkeypatch):
    """A file system without hard links costs the head start and nothing else."""

    def refuse(_made: Path, _empty: Path) -> None:
        raise OSError("no hard links")

    monkeypatch.setattr(trees, "link", refuse)

    async def work(n):
        version = n.version("hoards")
        process = await _waiting(n, version)
        worker = await n.grown(version)
        assert await worker.call("/count") == 1
        assert worker.process.code == n.bundles.folder(version.bundle)
        assert not process.alive
        assert not process.code.exists()

    nurse(work)
