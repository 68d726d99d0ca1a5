"""Connections of the proxy's on which everything has come already, so that reading them waits for nothing."""

from __future__ import annotations

import asyncio
from typing import cast

import h11

from steamship_engine.runtime.egress.pace import Pace
from steamship_engine.runtime.egress.wire import CHUNK, Wire


class Sink:
    """A writer that takes everything at once."""

    def __init__(self) -> None:
        self.data = b""

    def write(self, data: bytes) -> None:
        self.data += data

    async def drain(self) -> None:
        return


def wire(pace: Pace, data: bytes, role: type[h11.SERVER | h11.CLIENT] = h11.CLIENT) -> Wire:
    """What `data` was said on: to a server, or as a client to one that was asked nothing yet."""
    reader = asyncio.StreamReader(CHUNK)
    reader.feed_data(data)
    return Wire(role, reader, cast(asyncio.StreamWriter, Sink()), pace)


def asked(pace: Pace, data: bytes) -> Wire:
    """A server that was asked something and says `data`."""
    made = wire(pace, data)
    made.http.send(h11.Request(method="GET", target="/", headers=[("host", "x")]))
    made.http.send(h11.EndOfMessage())
    return made


def said(to: Wire) -> bytes:
    """What the other end of a wire was told."""
    return cast(Sink, to.writer).data
