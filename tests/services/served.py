"""The gateway behind a real HTTP server, on either of its two ways, spoken to in bytes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any

import uvicorn

from steamship_engine.app import worker_connections
from steamship_engine.app.access_log import AccessLog, Line, logged
from steamship_engine.app.counting import counted
from steamship_engine.app.front import Front
from steamship_engine.app.heads import BoundedHeads
from steamship_engine.app.metrics import Metrics
from steamship_engine.app.protocol import EngineProtocol
from steamship_engine.control.addresses import Addresses
from tests.services.gateway_door import LOCAL, Door

WAYS = {"asgi": BoundedHeads, "warm": EngineProtocol}
"""The ways of a request: by the ASGI application alone, or by the short one where that is possible."""


class Served:
    """What stands between the server and the door, as `Engine` puts it together."""

    def __init__(self, door: Door, addresses: Addresses = LOCAL) -> None:
        self.door = door
        self.warm, self.metrics = door.gateway.warm, Metrics()
        self._lines: list[Line] = []
        self.access_log = AccessLog(self._lines.append)
        self.may_call = partial(worker_connections.may_call, door.ground)
        front = Front(
            addresses,
            api=_other,
            gateway=door.gateway,
            web=_other,
            scrape=_unscraped,
            is_ready=lambda: True,
            admit=partial(worker_connections.check, door.ground),
        )
        self._front: Any = logged(counted(front, self.metrics), self.access_log)
        self.warm_calls = 0
        recall: Any = self.warm.recall
        self.warm.recall = self._counted(recall)
        self.connections: list[Connection] = []
        self.server: uvicorn.Server | None = None
        self.port = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self._front(scope, receive, send)

    @property
    def lines(self) -> list[str]:
        """The access log, without moments and milliseconds."""
        return [_timeless(str(line).rstrip("\n")) for line in self._lines]

    @property
    def counts(self) -> dict[tuple[str, str, int], int]:
        """How many requests were counted, by door, verb and class of the status."""
        return dict(self.metrics._requests)

    async def ask(self, raw: bytes, answers: int = 1) -> bytes:
        """All that a new connection gives for these bytes, up to that many answers or its end."""
        connection = await self.connect()
        connection.send(raw)
        said = b"".join([await connection.answer(raw.startswith(b"HEAD")) for _ in range(answers)])
        connection.close()
        return said

    def stop(self) -> None:
        """Tell the server to stop."""
        assert self.server is not None
        self.server.should_exit = True

    async def connect(self) -> Connection:
        """A new connection, open until it is closed or the server ends."""
        made = Connection(*await asyncio.open_connection("127.0.0.1", self.port))
        self.connections.append(made)
        return made

    def _counted(self, recall: Any) -> Any:
        def spy(*args: Any) -> Any:
            call = recall(*args)
            self.warm_calls += call is not None
            return call

        return spy


class Connection:
    """One client's connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._transport: Any = writer.transport

    def send(self, raw: bytes) -> None:
        """Bytes for the server."""
        self._writer.write(raw)

    async def answer(self, is_head: bool = False) -> bytes:
        """The next answer, or what came of it before the connection's end."""
        try:
            return await asyncio.wait_for(self._answer(is_head), 10)
        except asyncio.IncompleteReadError as error:
            return error.partial

    async def sent(self) -> None:
        """Until the bytes have left, and the server may have read them."""
        await self._writer.drain()
        await asyncio.sleep(0.002)

    async def until(self, part: bytes) -> None:
        """Until an answer that is coming has these bytes."""
        await asyncio.wait_for(self._reader.readuntil(part), 10)

    def pause(self) -> None:
        """Read nothing."""
        self._transport.pause_reading()

    def resume(self) -> None:
        """Read again."""
        self._transport.resume_reading()

    async def ended(self) -> bool:
        """Whether the server closes the connection without another byte."""
        return await asyncio.wait_for(self._reader.read(), 10) == b""

    def close(self) -> None:
        """Leave."""
        self._writer.close()

    async def gone(self) -> None:
        """Leave, and wait until nothing is left of the connection."""
        self._writer.close()
        with suppress(OSError):
            await self._writer.wait_closed()

    async def _answer(self, is_head: bool) -> bytes:
        head = await self._reader.readuntil(b"\r\n\r\n")
        if is_head or head[9:12] in (b"204", b"304"):
            return head
        if b"transfer-encoding: chunked" in head:
            try:
                return head + await self._reader.readuntil(b"0\r\n\r\n")
            except asyncio.IncompleteReadError as error:
                return head + error.partial
        length = next(line[16:] for line in head.split(b"\r\n") if line.startswith(b"content-length: "))
        return head + await self._reader.readexactly(int(length))


@asynccontextmanager
async def served(
    door: Door, way: str, addresses: Addresses = LOCAL, **settings: Any
) -> AsyncIterator[Served]:
    """The door behind a listening server, until the block ends. `settings` are uvicorn's."""
    application = Served(door, addresses)
    config = uvicorn.Config(
        application,
        port=0,
        http=WAYS[way],
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        **settings,
    )
    server = application.server = uvicorn.Server(config)
    serving = asyncio.create_task(server._serve())
    while not server.started:
        await asyncio.sleep(0.01)
    application.port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield application
    finally:
        for connection in application.connections:
            await connection.gone()
        server.should_exit = True
        await serving


def _timeless(line: str) -> str:
    words = line.split(" ")[4:]
    words[-2] = "ms"
    return " ".join(words)


async def _other(_scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
    await send({"type": "http.response.body", "body": b"other"})


async def _unscraped(_scope: Any) -> bytes:
    return b""
