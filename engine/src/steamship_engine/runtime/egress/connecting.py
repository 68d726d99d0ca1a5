"""Connections to servers: to an address that was looked at, and to no other."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence

from steamship_engine.runtime.egress.refusal import RefusalError
from steamship_engine.runtime.egress.resolving import Place
from steamship_engine.runtime.egress.targets import Target
from steamship_engine.runtime.egress.tunnel import Streams
from steamship_engine.runtime.egress.wire import CHUNK

_TRIED = 4
"""Of a host with more addresses the first few are tried."""


async def connect(target: Target, places: Sequence[Place], within_s: float) -> Streams:
    """Connect to the first of the places that answers. RefusalError when none does in that time."""
    failed: OSError | None = None
    tried = places[:_TRIED]
    try:
        async with asyncio.timeout(within_s):
            for place in tried:
                try:
                    # The next one has its turn before the time is up.
                    async with asyncio.timeout(within_s / len(tried)):
                        return await streams(await _connected(place))
                except OSError as error:
                    failed = error
    except TimeoutError as error:
        failed = error
    if isinstance(failed, TimeoutError):
        raise RefusalError(504, "unreachable", f'"{target}" did not answer in time.') from None
    reason = (failed.strerror if failed is not None else None) or "nobody answers"
    raise RefusalError(502, "unreachable", f'"{target}" cannot be reached: {reason}.') from None


async def streams(connected: socket.socket) -> Streams:
    """Both streams of a socket that is connected; they hold little."""
    try:
        if connected.family == socket.AF_UNIX:
            reader, writer = await asyncio.open_unix_connection(sock=connected, limit=CHUNK)
        else:
            reader, writer = await asyncio.open_connection(sock=connected, limit=CHUNK)
    except BaseException:
        connected.close()
        raise
    writer.transport.set_write_buffer_limits(high=CHUNK)
    return reader, writer


async def _connected(place: Place) -> socket.socket:
    family, address = place
    made = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
    try:
        await asyncio.get_running_loop().sock_connect(made, address)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except BaseException:
        made.close()
        raise
    return made
