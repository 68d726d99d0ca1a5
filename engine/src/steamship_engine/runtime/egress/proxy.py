"""One client's connection to the proxy: each request is read, looked at, and passed on or refused."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

import h11

from steamship_engine.model.limits import EgressLimits
from steamship_engine.runtime.egress import forwarding, targets, tunnel
from steamship_engine.runtime.egress.forwarding import ClientLeftError
from steamship_engine.runtime.egress.pace import Pace
from steamship_engine.runtime.egress.refusal import REFUSED, RefusalError
from steamship_engine.runtime.egress.targets import Target
from steamship_engine.runtime.egress.traffic import Traffic
from steamship_engine.runtime.egress.tunnel import Streams
from steamship_engine.runtime.egress.watch import Watch
from steamship_engine.runtime.egress.wire import CHUNK, FIELDS, HEAD, Wire, frame, held

_LINGER_S = 1.0


@dataclass(frozen=True)
class Passage:
    """A connection to where a request is for; `counted` unless it is the engine itself."""

    streams: Streams
    counted: bool


Open = Callable[[Target], Awaitable[Passage]]
"""Looks at a target and connects to it. Raises RefusalError."""


class Proxy:
    """Serves the connections of one worker. `refused` is told of what the rules forbid."""

    def __init__(
        self,
        open_passage: Open,
        limits: EgressLimits,
        traffic: Traffic,
        refused: Callable[[str, RefusalError], None],
    ) -> None:
        self._open, self._limits, self._traffic, self._refused = open_passage, limits, traffic, refused
        self._pace = Pace()

    async def serve(self, streams: Streams) -> None:
        """Serve one connection: answer requests until the client leaves, is refused one, or gets its tunnel."""
        client = Wire(h11.SERVER, *streams, self._pace)
        with suppress(OSError, ClientLeftError, TimeoutError):
            async with held(client.writer):
                while await self._one(client):
                    client.http.start_next_cycle()
                if client.http.their_state is not h11.SWITCHED_PROTOCOL:
                    await _linger(client)

    async def _one(self, client: Wire) -> bool:
        """Answer one request; whether another one may follow."""
        asked = None
        try:
            asked = await self._asked(client)
            if asked is None:
                return False
            if asked.method == b"CONNECT":
                await self._tunnel(client, asked)
                return False
            await self._forward(client, asked)
        except RefusalError as error:
            if error.is_denial and asked is not None:
                self._refused(asked.target.decode("ascii"), error)
            self._traffic.ended(refused=error.is_denial, failed=not error.is_denial)
            if client.http.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
                # In the middle of an answer only the connection's end tells that it is broken.
                raise ClientLeftError from None
            await _answer(client, error, is_head=asked is not None and asked.method == b"HEAD")
            return False
        return client.http.our_state is h11.DONE and client.http.their_state is h11.DONE

    async def _asked(self, client: Wire) -> h11.Request | None:
        """The next request; None when there is none. RefusalError for what is none."""
        try:
            async with asyncio.timeout(self._limits.head):
                event = await client.event()
        except h11.RemoteProtocolError as error:
            if error.error_status_hint == 431:
                raise RefusalError(
                    431,
                    "long-head",
                    f'A head of more than "{FIELDS}" fields or "{HEAD}" bytes is refused: send less.',
                ) from None
            raise RefusalError(
                error.error_status_hint, "malformed", "The request is no HTTP that the proxy understands."
            ) from None
        return event if isinstance(event, h11.Request) else None

    async def _tunnel(self, client: Wire, asked: h11.Request) -> None:
        frame(asked.headers)
        passage = await self._open(targets.of_connect(asked.target.decode("ascii")))
        server = passage.streams
        async with held(server[1]):
            await client.send(h11.Response(status_code=200, headers=[], reason=b"Connection established"))
            early = client.ahead
            self._traffic.ended(passed=1)
            await self._watched(
                (client.writer, server[1]),
                passage,
                lambda moved: tunnel.join((client.reader, client.writer), server, early, moved),
            )

    async def _forward(self, client: Wire, asked: h11.Request) -> None:
        target, path = targets.of_url(asked.target.decode("ascii"))
        request = forwarding.request_for(asked, target.authority, path)
        passage = await self._open(target)
        async with held(passage.streams[1]):
            await self._watched(
                (client.writer, passage.streams[1]),
                passage,
                lambda moved: forwarding.exchange(
                    client, Wire(h11.CLIENT, *passage.streams, self._pace, moved), request
                ),
            )
            self._traffic.ended(passed=1)

    async def _watched(
        self,
        writers: tuple[asyncio.StreamWriter, ...],
        passage: Passage,
        work: Callable[[tunnel.Moved], Awaitable[None]],
    ) -> None:
        """Do the work, which tells what it moves; when nothing has moved for long, its connections end."""

        def ended() -> None:
            for writer in writers:
                writer.transport.abort()

        watch = Watch(self._limits.idle, ended)

        def moved(sent: int, received: int) -> None:
            watch.moved(sent, received)
            if passage.counted:
                self._traffic.moved(sent, received)

        try:
            await work(moved)
        finally:
            watch.stop()


async def _answer(client: Wire, error: RefusalError, *, is_head: bool) -> None:
    """The refusal, in words: many clients show the status line of a proxy's answer, and nothing else."""
    body = f"{error.message}\n".encode()
    again = [(b"retry-after", b"1")] if error.status == 503 else []
    await client.send(
        h11.Response(
            status_code=error.status,
            reason=error.message.encode(),
            headers=[
                (b"content-type", b"text/plain; charset=utf-8"),
                (b"content-length", str(len(body)).encode()),
                (REFUSED, error.why.encode()),
                *again,
                (b"connection", b"close"),
            ],
        )
    )
    if not is_head:
        await client.send(h11.Data(data=body))
    await client.send(h11.EndOfMessage())


async def _linger(client: Wire) -> None:
    """Read what is still coming for a moment: to close on it would take the answer away from the client."""
    client.end()
    with suppress(TimeoutError):
        async with asyncio.timeout(_LINGER_S):
            while await client.reader.read(CHUNK):
                pass
