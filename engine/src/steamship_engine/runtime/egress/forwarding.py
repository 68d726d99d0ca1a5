"""One plain request to a server, and its answer back; both are framed anew, so no one can hide in a frame."""

from __future__ import annotations

import asyncio
from typing import Any

import h11

from steamship_engine.runtime.egress.refusal import REFUSED, RefusalError
from steamship_engine.runtime.egress.wire import Headers, Wire, frame, passed_on

_INFORMATIONAL = 16
"""A server says so many times that it has not answered yet, and then it should."""


class ClientLeftError(Exception):
    """The client has left, or speaks no HTTP any more; nobody waits for an answer."""


def request_for(asked: h11.Request, authority: str, path: str) -> h11.Request:
    """What the server is asked: the client's request, for the host that was looked at. RefusalError."""
    headers: Headers = [(b"host", authority.encode())]
    headers += [(name, value) for name, value in passed_on(asked.headers) if name != b"host"]
    headers += [*frame(asked.headers), (b"connection", b"close")]
    return h11.Request(method=asked.method, target=path.encode(), headers=headers)


async def exchange(client: Wire, server: Wire, request: h11.Request) -> None:
    """Have the server answer the client's request. RefusalError while nothing of an answer was sent; ClientLeftError.

    Raises RefusalError later too, when the answer breaks off: then the client must see that it is broken.
    """
    try:
        await server.send(request)
    except (OSError, h11.ProtocolError):
        raise _broken() from None
    body = asyncio.ensure_future(_body(client, server))
    answer = asyncio.ensure_future(_answer(client, server))
    try:
        await asyncio.wait((body, answer), return_when=asyncio.FIRST_COMPLETED)
        if not answer.done() and body.result():
            # All was sent: from now on the client can only leave.
            leaving = asyncio.ensure_future(client.left())
            try:
                await asyncio.wait((leaving, answer), return_when=asyncio.FIRST_COMPLETED)
            finally:
                leaving.cancel()
                await asyncio.gather(leaving, return_exceptions=True)
            if not answer.done():
                raise ClientLeftError
        await answer
    finally:
        for way in (body, answer):
            way.cancel()
        await asyncio.gather(body, answer, return_exceptions=True)


async def _body(client: Wire, server: Wire) -> bool:
    """Carry the request's body; False where the server does not take it to its end."""
    while True:
        try:
            event = await client.event()
        except (OSError, h11.RemoteProtocolError):
            raise ClientLeftError from None
        if isinstance(event, h11.ConnectionClosed):
            raise ClientLeftError
        try:
            await server.send(h11.EndOfMessage() if isinstance(event, h11.EndOfMessage) else event)
        except (OSError, h11.LocalProtocolError):
            # It may have answered before it closed.
            return False
        if isinstance(event, h11.EndOfMessage):
            return True


async def _answer(client: Wire, server: Wire) -> None:
    informational = 0
    while True:
        try:
            event = await server.event()
        except (OSError, h11.RemoteProtocolError):
            raise _broken() from None
        if isinstance(event, h11.InformationalResponse):
            informational += 1
            if informational > _INFORMATIONAL:
                raise _broken()
            continue
        if isinstance(event, h11.ConnectionClosed) or event is h11.PAUSED:
            raise _broken()
        try:
            await client.send(_for_client(event))
        except OSError:
            raise ClientLeftError from None
        if isinstance(event, h11.EndOfMessage):
            return


def _for_client(event: Any) -> Any:
    """The part as the client gets it."""
    if isinstance(event, h11.EndOfMessage):
        return h11.EndOfMessage()
    if not isinstance(event, h11.Response):
        return event
    lengths = [(n, v) for n, v in event.headers if n in (b"content-length", b"transfer-encoding")]
    known = [] if len(lengths) > 1 else [(n, v) for n, v in lengths if n == b"content-length"]
    # What the proxy alone says no server says for it.
    passed = [(name, value) for name, value in passed_on(event.headers) if name != REFUSED]
    return h11.Response(status_code=event.status_code, reason=event.reason, headers=[*passed, *known])


def _broken() -> RefusalError:
    return RefusalError(502, "broken-answer", "The server broke off, or its answer is no HTTP.")
