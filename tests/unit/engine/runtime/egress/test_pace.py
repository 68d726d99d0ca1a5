"""Messages that cost the proxy much and say little, read from memory: who sends them waits, and the loop goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, cast

import h11
import pytest

from steamship_engine.runtime.egress.pace import Pace
from steamship_engine.runtime.egress.wire import Wire
from tests.services.wires import asked, wire

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def _parts_a_turn(works: Callable[[Pace, Callable[[], None]], list[Awaitable[None]]]) -> int:
    """The most parts that were read between two turns of the loop; each work says when it has read one.

    No time passes within a turn, however slow the machine is: what is read then is not paid for by waiting.
    """
    since = most = 0
    clock = _Frozen()

    def one() -> None:
        nonlocal since, most
        since += 1
        most = max(most, since)

    async def run() -> None:
        nonlocal since
        pace = Pace()
        pace._loop = cast(asyncio.AbstractEventLoop, clock)
        reading = [asyncio.ensure_future(work) for work in works(pace, one)]
        while not all(each.done() for each in reading):
            since, clock.now = 0, asyncio.get_running_loop().time()
            await asyncio.sleep(0)
        await asyncio.gather(*reading)

    asyncio.run(run())
    return most


async def _read(server: Wire, parts: int, one: Callable[[], None]) -> None:
    for _ in range(parts):
        await server.event()
        one()


@pytest.mark.parametrize("size", [1, 64, 4_000])
def test_a_body_in_crumbs_lets_the_loop_go_on(size: int) -> None:
    """Of what has come all at once few parts are read before everything else has its turn."""
    body = CHUNKED + (b"%x\r\n" % size + b"x" * size + b"\r\n") * 200
    assert _parts_a_turn(lambda pace, one: [_read(asked(pace, body), 150, one)]) <= 17


def test_many_connections_read_no_faster_than_one() -> None:
    """The pace is the worker's: with 64 connections it reads as many crumbs in a turn as its allowance has, once."""
    body = CHUNKED + b"1\r\nx\r\n" * 10
    works = lambda pace, one: [_read(asked(pace, body), 6, one) for _ in range(64)]  # noqa: E731
    assert _parts_a_turn(works) <= 48


def test_who_sends_full_parts_does_not_wait() -> None:
    """The allowance is for crumbs: content in parts of some size is never paused, however much of it there is."""

    async def run(size: int) -> bool:
        server = asked(Pace(), CHUNKED + (b"%x\r\n" % size + b"x" * size + b"\r\n") * 100)
        server._pace._loop = cast(asyncio.AbstractEventLoop, _Frozen())
        reading = asyncio.ensure_future(_read(server, 61, lambda: None))
        # More turns than parts; a clock that stands still lets nobody pay by waiting.
        for _ in range(200):
            await asyncio.sleep(0)
        done = reading.done()
        reading.cancel()
        return done

    assert asyncio.run(run(4_096))
    assert not asyncio.run(run(1))


class _Frozen:
    now = 0.0

    def time(self) -> float:
        return self.now


@pytest.mark.parametrize("role", [h11.SERVER, h11.CLIENT])
def test_a_head_with_many_fields_is_refused(role: type[h11.SERVER | h11.CLIENT]) -> None:
    """Two hundred fields pass, and more are refused before thousands of them are read, whole or not."""
    first = b"GET / HTTP/1.1\r\n" if role is h11.SERVER else b"HTTP/1.1 200 OK\r\n"

    async def run(fields: int, end: bytes) -> Any:
        head = first + b"a:\r\n" * (fields - 1) + b"host: x\r\n" + end
        made = asked(Pace(), head) if role is h11.CLIENT else wire(Pace(), head, role)
        return await made.event()

    assert len(asyncio.run(run(200, b"\r\n")).headers) == 200
    for fields, end in ((201, b"\r\n"), (15_000, b"\r\n"), (15_000, b"")):
        with pytest.raises(h11.RemoteProtocolError, match="header fields") as caught:
            asyncio.run(run(fields, end))
        assert caught.value.error_status_hint == 431


def test_a_trailer_with_many_fields_is_refused() -> None:
    """Fields after a body cost as much as those before it."""

    async def run() -> None:
        server = asked(Pace(), CHUNKED + b"3\r\nabc\r\n0\r\n" + b"a:\r\n" * 7_000 + b"\r\n")
        await _read(server, 2, lambda: None)
        with pytest.raises(h11.RemoteProtocolError, match="header fields"):
            await server.event()
        assert len(server.ahead) > 16_000

    asyncio.run(run())
