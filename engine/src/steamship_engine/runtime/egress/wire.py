"""One end of an HTTP connection: h11 between a stream and whoever reads and writes messages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from typing import Any

import h11

from steamship_engine.runtime.egress.pace import Pace
from steamship_engine.runtime.egress.refusal import RefusalError

CHUNK = 32 * 1024
"""Bytes that are read at once, and half of what a stream holds beyond that before it reads no more."""
HEAD = 64 * 1024
FIELDS = 200
"""The most header fields of a message, and the most of its trailer."""
_PIECE = 2 * 1024
_AHEAD = 64 * 1024
_LEAVE_S = 5.0

Headers = list[tuple[bytes, bytes]]

# What is between two ends, and not for those beyond them (RFC 9110, 7.6.1), and what is the proxy's own business.
_OWN_HOP = frozenset(
    (
        b"connection",
        b"keep-alive",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
        b"content-length",
        b"expect",
    )
)


class Wire:
    """A client's connection where `role` is h11.SERVER, one to a server where it is h11.CLIENT. `moved` is told of bytes."""

    def __init__(
        self,
        role: type[h11.SERVER | h11.CLIENT],
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        pace: Pace,
        moved: Callable[[int, int], None] | None = None,
    ) -> None:
        """`moved` gets the number of bytes written and the number read; `pace` is the worker's, whichever end this is."""
        self.reader, self.writer = reader, writer
        self.http = h11.Connection(role, max_incomplete_event_size=HEAD)
        self._pace, self._moved = pace, moved or _nothing
        self._unparsed = b""

    @property
    def ahead(self) -> bytes:
        """What has come and belongs to no message that was read."""
        trailing: bytes = self.http.trailing_data[0]
        return trailing + self._unparsed

    async def event(self) -> Any:
        """The next part of what the other end says. Raises h11.RemoteProtocolError, OSError."""
        while True:
            await self._pace.turn()
            event = self.http.next_event()
            if event is not h11.NEED_DATA:
                self._pace.read(event)
                if len(getattr(event, "headers", ())) > FIELDS:
                    raise _too_many()
                return event
            # The first of the lines is none of a field.
            if self.http.trailing_data[0].count(b"\n") > FIELDS + 1:
                raise _too_many()
            if self.http.they_are_waiting_for_100_continue:
                await self.send(h11.InformationalResponse(status_code=100, headers=[], reason=b"Continue"))
            await self._more()

    async def send(self, event: Any) -> None:
        """Say a part, and wait while the other end is slow to hear. Raises h11.LocalProtocolError, OSError."""
        data = self.http.send(event)
        if data:
            self._moved(len(data), 0)
            self.writer.write(data)
            await self.writer.drain()

    async def left(self) -> None:
        """Wait until the other end has nothing more to say; what it says before that is kept. Who says much counts as gone."""
        while len(self.ahead) < _AHEAD:
            data = await self._read()
            if not data:
                return
            self._unparsed += data

    def end(self) -> None:
        """Say nothing more."""
        end(self.writer)

    async def _more(self) -> None:
        """Give the parser more: of many short lines a piece, for it reads a whole head or trailer at once."""
        data = self._unparsed or await self._read()
        size = _PIECE if data.count(b"\n") > FIELDS else len(data)
        self._unparsed = data[size:]
        self.http.receive_data(data[:size])

    async def _read(self) -> bytes:
        data = await self.reader.read(CHUNK)
        self._moved(0, len(data))
        return data


def end(writer: asyncio.StreamWriter) -> None:
    """Tell the other end that nothing more comes, if it is there."""
    if writer.can_write_eof() and not writer.is_closing():
        writer.write_eof()


@asynccontextmanager
async def held(writer: asyncio.StreamWriter) -> AsyncIterator[None]:
    """Closes the connection after the block, when what was written has left; at once where the block fails.

    An end that does not hear what was written is not waited for: nobody would count its connection any more.
    """
    try:
        yield
        writer.close()
        with suppress(OSError):
            async with asyncio.timeout(_LEAVE_S):
                await writer.wait_closed()
    finally:
        writer.transport.abort()


def passed_on(headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    """The header fields that are for whoever is beyond: without those of the hop, the proxy's own, and the body's frame."""
    fields = [(bytes(name).lower(), bytes(value)) for name, value in headers]
    named = {
        word.strip().lower() for name, value in fields if name == b"connection" for word in value.split(b",")
    }
    return [
        (name, value)
        for name, value in fields
        if name not in _OWN_HOP and name not in named and not name.startswith(b"proxy-")
    ]


def frame(headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    """The header that says how long the body is: the client's own, of which there may be one. RefusalError for two."""
    lengths = [(n, v) for n, v in headers if n in (b"content-length", b"transfer-encoding")]
    if len({name for name, _ in lengths}) > 1:
        raise RefusalError(
            400, "two-lengths", "A request with Content-Length and Transfer-Encoding is refused."
        )
    return [(bytes(name), bytes(value)) for name, value in lengths[:1]]


def _too_many() -> h11.RemoteProtocolError:
    return h11.RemoteProtocolError(f"more than {FIELDS} header fields", error_status_hint=431)


def _nothing(_written: int, _read: int) -> None:
    return
