"""One request and its answer between two ends that have said all: what passes, and when it is broken."""

from __future__ import annotations

import asyncio

import h11
import pytest

from steamship_engine.runtime.egress.forwarding import ClientLeftError, exchange
from steamship_engine.runtime.egress.pace import Pace
from steamship_engine.runtime.egress.refusal import RefusalError
from tests.services.wires import said, wire

GET = b"GET http://x/ HTTP/1.1\r\nHost: x\r\n\r\n"


def _answered(answer: bytes, more: bytes = b"") -> bytes:
    """What the client is told where the server says `answer`, and the client `more` after its request."""

    async def run() -> bytes:
        client, server = wire(Pace(), GET + more, h11.SERVER), wire(Pace(), answer)
        request = await client.event()
        async with asyncio.timeout(10):
            await exchange(client, server, h11.Request(method="GET", target="/", headers=request.headers))
        return said(client)

    return asyncio.run(run())


def test_a_server_that_never_answers_is_broken() -> None:
    """After sixteen times `100 Continue` the answer has to come."""
    answer = b"HTTP/1.1 204 No\r\n\r\n"
    assert _answered(b"HTTP/1.1 100 \r\n\r\n" * 16 + answer).startswith(b"HTTP/1.1 204 ")
    with pytest.raises(RefusalError, match="broke off"):
        _answered(b"HTTP/1.1 100 \r\n\r\n" * 17 + answer)


def test_a_server_does_not_speak_as_the_proxy() -> None:
    """The header by which the proxy's own answers are known is taken out of others'."""
    told = _answered(
        b"HTTP/1.1 403 No\r\nX-Steamship-Refused: own-address\r\nX-Own: a\r\nContent-Length: 0\r\n\r\n"
    )
    assert b"x-own: a" in told
    assert b"refused" not in told.lower()


def test_a_client_that_sends_much_ahead_counts_as_gone() -> None:
    """Behind so much its leaving would never be seen; a request or two may be sent ahead."""
    with pytest.raises(ClientLeftError):
        _answered(b"", GET * 2_000)
