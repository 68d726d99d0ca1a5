"""Whatever an import leaves that several workers could reach: it is found, and no worker reads what another wrote."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.mark.parametrize(
    ("way", "problem"),
    [
        ("shared_mapping", "it shares writable memory: "),
        ("closed_file", "it shares writable memory: "),
        ("shared_memory", "it shares writable memory: "),
        ("system_v", "it shares writable memory: "),
        ("memfd", 'open on "/memfd:word'),
        ("read_only_mapping", 'open on "/memfd:word'),
        ("file", "/word"),
        ("unnamed_file", "(deleted)"),
        ("pipe", 'open on "pipe:'),
        ("socketpair", 'open on "socket:'),
        ("listener", 'open on "socket:'),
        ("eventfd", 'open on "anon_inode:[eventfd]"'),
        ("folder", "it has descriptor "),
        ("thread", "it has 2 threads"),
        ("child", "it runs 1 other processes"),
    ],
)
def test_a_channel_that_an_import_makes_is_found(nurse: Any, way: str, problem: str) -> None:
    """Its version's workers import each for itself, and what one leaves in the channel the other does not find."""

    async def work(n: Any) -> None:
        version = n.version("hostile/channel", {"way.txt": way})
        first, second = [await n.grown(version) for _ in range(2)]
        assert problem in ", ".join(n.zygotes.shared(version))
        assert await first.call("/put", text="secret") == "done"
        assert not await second.call("/take")

    nurse(work)


@pytest.mark.parametrize("way", ["shared_mapping", "memfd", "socketpair", "eventfd", "system_v"])
def test_each_channel_carries_a_word(nurse: Any, way: str) -> None:
    """Within one worker what was put into the channel is taken from it, so that an empty one says something."""

    async def work(n: Any) -> None:
        worker = await n.grown(n.version("hostile/channel", {"way.txt": way}))
        await worker.call("/put", text="xxx")
        assert await worker.call("/take") == "xxx"

    nurse(work)
