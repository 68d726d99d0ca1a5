"""What the HTTP server does with heads that are too large or do not end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import uvicorn

from steamship_engine.app.heads import BoundedHeads

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[bytes]]


class Impatient(BoundedHeads):
    """The same with bounds that a test can wait for."""

    most = 100_000
    within_s = 0.3


async def _app(_scope: Any, receive: Any, send: Any) -> None:
    size = 0
    more = True
    while more:
        message = await receive()
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
    body = str(size).encode()
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def spoken(talk: Talk) -> bytes:
    """What `talk` gives on a connection to a server with the impatient protocol."""

    async def scenario() -> bytes:
        config = uvicorn.Config(_app, port=0, http=Impatient, ws="none", lifespan="off", log_config=None)
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve())
        while not server.started:
            await asyncio.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            return await asyncio.wait_for(talk(reader, writer), 10)
        finally:
            writer.close()
            server.should_exit = True
            await serving

    return asyncio.run(scenario())


@pytest.mark.parametrize("beginning", [b"GET / HTTP/1.1\r\nX-A: ", b"GET /"])
def test_an_endless_head_is_refused(beginning: bytes) -> None:
    """A header or an address that never ends is answered with 400 while it is still being sent."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        writer.write(beginning + b"a" * Impatient.most)
        return await reader.read()

    assert spoken(talk).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nX-A: b\r\n"])
def test_a_head_that_does_not_end_closes_the_connection(sent: bytes) -> None:
    """Who sends nothing, or half a head, is not waited for."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        writer.write(sent)
        return await reader.read()

    assert spoken(talk) == b""


def test_a_second_head_is_bounded_too() -> None:
    """On a connection that has served a request, half a head is not waited for either."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        first = await reader.readuntil(b"\r\n\r\n0")
        writer.write(b"GET / HTT")
        return first[:12] + await reader.read()

    assert spoken(talk) == b"HTTP/1.1 200"


def test_bodies_are_not_heads() -> None:
    """A body may be larger than any head, and slower than a head may be; requests behind it are served."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        writer.write(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 400000\r\n\r\n" + b"b" * 300_000)
        await asyncio.sleep(2 * Impatient.within_s)
        writer.write(b"b" * 100_000 + b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        return await reader.read()

    answer = spoken(talk)
    assert answer.count(b"HTTP/1.1 200") == 2
    assert b"\r\n\r\n400000" in answer
