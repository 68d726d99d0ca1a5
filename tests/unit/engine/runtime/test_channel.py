"""The engine's end of a worker's socket."""

from __future__ import annotations

import asyncio
import struct
import tracemalloc

from steamship_engine.model.limits import RUNTIME
from steamship_engine.runtime.channel import Channel

HEADER = b'{"type":"body","id":1,"more":true}'


def test_a_frame_that_trickles_in_is_not_copied_with_every_byte():
    """What has come of a frame is kept where it is: a worker that sends it in small pieces costs no copies of it."""

    async def work() -> None:
        channel = Channel(RUNTIME, lambda line: None, lambda error: None)
        taken: list[bytes] = []
        channel.route(lambda header, body: taken.append(body))
        body = b"x" * 1_000_000
        channel.data_received(struct.pack(">II", len(HEADER), len(body)) + HEADER + body[:900_000])
        channel.data_received(body[:10])
        tracemalloc.start()
        for _ in range(10):
            channel.data_received(body[:10])
        copied = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        channel.data_received(body[900_110:])
        assert copied < 100_000
        assert taken == [body]

    asyncio.run(work())
