"""Bytes both ways, until both ends have said all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from steamship_engine.runtime.egress.wire import CHUNK, end

Moved = Callable[[int, int], None]
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def join(client: Streams, server: Streams, early: bytes, moved: Moved) -> None:
    """Carry bytes between both; `early` are the client's first. `moved` is told how many went to the server, and came.

    An end that is slow to hear is waited for, and nothing more is read for it meanwhile.
    """
    if early:
        moved(len(early), 0)
        server[1].write(early)
    ways = (
        asyncio.ensure_future(_carry(client[0], server[1], lambda count: moved(count, 0))),
        asyncio.ensure_future(_carry(server[0], client[1], lambda count: moved(0, count))),
    )
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_EXCEPTION)
    finally:
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)


async def _carry(
    source: asyncio.StreamReader, sink: asyncio.StreamWriter, count: Callable[[int], None]
) -> None:
    while data := await source.read(CHUNK):
        count(len(data))
        sink.write(data)
        await sink.drain()
    end(sink)
