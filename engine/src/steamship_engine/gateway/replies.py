"""What leaves the gateway: a package's reply with its headers filtered, or a failed status."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from typing import Any

from steamship_engine.control.addresses import Addresses
from steamship_engine.gateway.inbound import Inbound
from steamship_engine.model import cors
from steamship_engine.model.errors import SteamshipError, UnavailableError, wire_status
from steamship_engine.model.reserved import leaves_package
from steamship_engine.runtime.port import Reply

RawHeaders = list[tuple[bytes, bytes]]

_BODILESS = (204, 304)
_log = logging.getLogger(__name__)

_SANDBOX = (b"content-security-policy", b"sandbox allow-scripts allow-forms allow-popups allow-downloads")


class Replier:
    """Writes answers with the headers that every one of them carries."""

    def __init__(self, addresses: Addresses) -> None:
        """The sandbox policy is set where package replies share a host with the web pages."""
        self._always: RawHeaders = [(b"x-content-type-options", b"nosniff"), *cors.REPLY_HEADERS]
        if not addresses.app_is_domain or addresses.web_host == addresses.app_host:
            self._always.append(_SANDBOX)

    async def preflight(self, send: Any) -> None:
        """Answer OPTIONS."""
        await send({"type": "http.response.start", "status": 204, "headers": list(cors.PREFLIGHT_HEADERS)})
        await send({"type": "http.response.body", "body": b""})

    async def accepted(self, send: Any, status: dict[str, Any], request_id: str) -> None:
        """Answer with the status of a task."""
        body = json.dumps({"status": status}).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await self._start(send, 200, headers, request_id)
        await send({"type": "http.response.body", "body": body})

    async def fail(
        self, send: Any, error: SteamshipError, request_id: str, details: str | None = None
    ) -> None:
        """Answer with a failed status."""
        body = json.dumps({"status": wire_status(error, request_id=request_id, details=details)}).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        if isinstance(error, UnavailableError):
            headers.append((b"retry-after", str(error.retry_after_s).encode()))
        if error.http_status == 401:
            headers.append((b"www-authenticate", b"Bearer"))
        await self._start(send, error.http_status, headers, request_id)
        await send({"type": "http.response.body", "body": body})

    async def stream(self, send: Any, reply: Reply, inbound: Inbound) -> None:
        """Answer with what a package said. One that fails in the middle leaves its answer unfinished."""
        await self._start(send, reply.status, _passing(reply.headers), inbound.request_id)
        bodiless = inbound.head_only or reply.status in _BODILESS
        try:
            async for part in reply.body:
                if part and not bodiless:
                    await send({"type": "http.response.body", "body": part, "more_body": True})
        except SteamshipError as error:
            # Its status has gone out: what tells the client is a body without its end.
            _log.info("%s: the reply broke off: %s", inbound.request_id, error.message)
            return
        await send({"type": "http.response.body", "body": b""})

    async def _start(self, send: Any, status: int, headers: RawHeaders, request_id: str) -> None:
        own = [*self._always, (b"x-request-id", request_id.encode("latin-1"))]
        await send({"type": "http.response.start", "status": status, "headers": [*headers, *own]})


def _passing(headers: Iterable[tuple[str, str]]) -> RawHeaders:
    """A package's headers that may pass; one whose value could split the answer is dropped."""
    passing: RawHeaders = []
    for name, value in headers:
        lower = name.lower()
        if not leaves_package(lower) or not lower.isascii() or not lower.replace("-", "").isalnum():
            continue
        if any(ord(character) < 32 or ord(character) == 127 for character in value):
            continue
        passing.append((lower.encode("ascii"), value.encode("latin-1", "replace")))
    return passing
