"""What leaves the gateway when a package has answered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from steamship_engine.control.addresses import Addresses
from steamship_engine.gateway.replies import Replier
from steamship_engine.model.errors import PackageCrashedError
from steamship_engine.runtime.port import Reply

_BASE = "http://localhost:8080/"


def streamed(reply: Reply, verb: str = "GET") -> list[dict[str, Any]]:
    """The messages that a reply becomes."""
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    replier = Replier(Addresses(f"{_BASE}api/v1/", _BASE, _BASE))
    asyncio.run(replier.stream(send, reply, "R-1", head_only=verb == "HEAD"))
    return sent


async def parts(*given: bytes, then: Exception | None = None) -> AsyncIterator[bytes]:
    for part in given:
        yield part
    if then is not None:
        raise then


@pytest.mark.parametrize("status", [204, 304])
def test_a_status_without_a_body_has_none(status: int) -> None:
    """What a package sends beside such a status is dropped: HTTP has no place for it."""
    start, *bodies = streamed(Reply(status, (), parts(b"surplus")))
    assert start["status"] == status
    assert bodies == [{"type": "http.response.body", "body": b""}]


def test_a_reply_that_breaks_off_is_not_finished() -> None:
    """The parts that came are sent, and no end: the client sees that the reply is not whole."""
    crash = PackageCrashedError("gone")
    start, *bodies = streamed(Reply(200, (), parts(b"half", then=crash)))
    assert start["status"] == 200
    assert bodies == [{"type": "http.response.body", "body": b"half", "more_body": True}]


@pytest.mark.parametrize(
    "name", ["X-Accel-Redirect", "x-accel-buffering", "X-Sendfile", "X-LiteSpeed-Location", "X-Reproxy-URL"]
)
def test_no_command_to_a_proxy_passes(name: str) -> None:
    """A package cannot have the proxy before the engine send a file of its own."""
    start, *_ = streamed(Reply(200, ((name, "/etc/passwd"), ("X-Custom", "kept")), parts(b"x")))
    names = {header for header, _ in start["headers"]}
    assert b"x-custom" in names
    assert name.lower().encode() not in names
