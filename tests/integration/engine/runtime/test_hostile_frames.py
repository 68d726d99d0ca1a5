"""Workers that lie: the caller gets the typed error, the engine stays small, the next call is served."""

from __future__ import annotations

import asyncio
import resource

import pytest

from steamship_engine.model.errors import PackageCrashedError, PackageReplyError
from tests.services.runtimes import Bench, request

MIB = 1024 * 1024

WRONG = [
    "garbage", "not_json", "not_utf8", "nan", "deep", "unknown_type", "unknown_field", "no_object", "long_header",
    "long_body", "wrong_id", "wrong_status", "header_injection", "odd_header_name", "body_first", "out_of_turn",
    "surrogate",
]  # fmt: skip


def _peak_kib() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


@pytest.mark.timeout(180)
def test_a_wrong_frame_ends_the_worker(tiny):
    """Every kind of wrong frame raises the typed error at once, and another process serves the next call."""

    async def work(bench: Bench) -> None:
        hostile = await bench.instance("hostile_frames")
        for what in WRONG:
            with pytest.raises(PackageReplyError) as wrong:
                await bench.call(hostile, "/send", what=what)
            assert "process sent" in wrong.value.message, what
            assert sum(bench.runtime.stats().workers.values()) == 0

    tiny(work)


def test_half_a_frame_is_a_crash(tiny):
    """A process that ends in the middle of a frame has crashed."""

    async def work(bench: Bench) -> None:
        hostile = await bench.instance("hostile_frames")
        with pytest.raises(PackageCrashedError, match='exit code "0"'):
            await bench.call(hostile, "/partial")

    tiny(work)


def test_a_closed_socket_is_a_crash(tiny):
    """A process that closes its socket and lives on is ended."""

    async def work(bench: Bench) -> None:
        hostile = await bench.instance("hostile_frames")
        with pytest.raises(PackageCrashedError, match="closed its connection"):
            await bench.call(hostile, "/close")

    tiny(work)


def test_a_second_reply_is_never_taken_for_the_next_call(tiny):
    """Of two replies to one call the first one counts, and the second is not the next call's answer."""

    async def work(bench: Bench) -> None:
        hostile = await bench.instance("hostile_frames")
        assert (await bench.call(hostile, "/two_replies")).body == b""
        with pytest.raises(PackageReplyError):
            await bench.call(hostile, "/send", what="garbage")

    tiny(work)


def test_a_reply_is_cut_at_the_limit(tiny):
    """A reply over the version's limit is the typed error, the engine holds no more than some frames of it, and the worker lives."""

    async def work(bench: Bench) -> None:
        echo = await bench.instance("echo", reply_size=20 * MIB)
        first = (await bench.call(echo, "/count")).json
        before = _peak_kib()
        with pytest.raises(PackageReplyError, match=f'more than "{20 * MIB}" bytes'):
            await bench.call(echo, "/big", size=60 * MIB)
        assert _peak_kib() - before < 50_000
        assert (await bench.call(echo, "/count")).json == {**first, "calls": 2}

    tiny(work)


def test_parts_that_nobody_took_end_the_worker(tiny):
    """A worker that sends more of a reply than it was allowed to is ended, and piles up nothing in the engine."""

    async def work(bench: Bench) -> None:
        hostile = await bench.instance("hostile_frames")
        before = _peak_kib()
        reply = await bench.runtime.invoke(hostile, request("POST", "/endless_body"))
        with pytest.raises(PackageReplyError, match="out of turn"):
            async for _ in reply.body:
                await asyncio.sleep(0.02)
        assert _peak_kib() - before < 20_000

    tiny(work)


def test_an_unread_reply_stays_in_the_worker(tiny):
    """A reply that its caller reads slowly is not piled up in the engine."""

    async def work(bench: Bench) -> None:
        echo = await bench.instance("echo")
        before = _peak_kib()
        reply = await bench.runtime.invoke(echo, request("POST", "/big", b'{"size": 80000000}'))
        for _ in range(20):
            await anext(reply.body)
            await asyncio.sleep(0.02)
        assert _peak_kib() - before < 20_000

    tiny(work)


def test_a_flood_of_log_frames_is_slowed_down(tiny):
    """A worker that sends more lines than the limit is read no faster than that, and its call still answers."""

    async def work(bench: Bench) -> None:
        hostile = await bench.instance("hostile_frames")
        loop = asyncio.get_running_loop()
        started = loop.time()
        assert (await bench.call(hostile, "/log_flood", count=4_000)).text == "done"
        taken = [line for line in bench.lines if line.message == "spam"]
        assert len(taken) <= 1_000 * (loop.time() - started + 1)

    tiny(work, log_frames_a_second=1_000)
