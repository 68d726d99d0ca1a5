"""What leaves the gateway: a package's reply with its headers filtered, or a failed status."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from typing import Any, NamedTuple

import msgspec

from steamship_engine.control.addresses import Addresses
from steamship_engine.gateway.rights import Refusal
from steamship_engine.model import cors
from steamship_engine.model.errors import SteamshipError, UnavailableError, wire_status
from steamship_engine.model.reserved import leaves_package
from steamship_engine.runtime.port import Headers, Reply

RawHeaders = list[tuple[bytes, bytes]]

_BODILESS = (204, 304)
_JSON = (b"content-type", b"application/json")
_log = logging.getLogger(__name__)

_SANDBOX = (b"content-security-policy", b"sandbox allow-scripts allow-forms allow-popups allow-downloads")
_REMEMBERED = 1_000
_LONGEST_REMEMBERED = 1_000
"""Characters of a reply's header fields whose filtered form is remembered."""


class Fields(NamedTuple):
    """Header fields, and the same as HTTP/1.1 writes them."""

    pairs: RawHeaders
    lines: bytes


class Answer(msgspec.Struct, frozen=True, gc=False):
    """A whole answer. `fields` are those that not every answer has."""

    status: int
    fields: Fields
    body: bytes
    request_id: str


class Replier:
    """Writes answers with the headers that every one of them carries."""

    def __init__(self, addresses: Addresses) -> None:
        """The sandbox policy is set where package replies share a host with the web pages."""
        always: RawHeaders = [(b"x-content-type-options", b"nosniff"), *cors.REPLY_HEADERS]
        if not addresses.app_is_domain or addresses.web_host == addresses.app_host:
            always.append(_SANDBOX)
        self._always = fields_of(always)
        self._passing: dict[Headers, Fields] = {}

    async def preflight(self, send: Any) -> None:
        """Answer OPTIONS."""
        await send({"type": "http.response.start", "status": 204, "headers": list(cors.PREFLIGHT_HEADERS)})
        await send({"type": "http.response.body", "body": b""})

    def accepted(self, status: dict[str, Any], request_id: str) -> Answer:
        """The answer with the status of a task."""
        return Answer(200, fields_of([_JSON]), json.dumps({"status": status}).encode(), request_id)

    def failed(self, error: BaseException, request_id: str) -> Answer:
        """The answer with a failed status. An error that is none of ours goes to the log, not to the caller."""
        refusal = error if isinstance(error, Refusal) else None
        details = None if refusal is None else refusal.details
        if refusal is not None:
            error = refusal.error
        if not isinstance(error, SteamshipError):
            _log.error("%s: the gateway failed", request_id, exc_info=error)
            error = SteamshipError("The engine failed.")
        body = json.dumps({"status": wire_status(error, request_id=request_id, details=details)}).encode()
        headers = [_JSON]
        if isinstance(error, UnavailableError):
            headers.append((b"retry-after", str(error.retry_after_s).encode()))
        if error.http_status == 401:
            headers.append((b"www-authenticate", b"Bearer"))
        return Answer(error.http_status, fields_of(headers), body, request_id)

    def whole(self, reply: Reply, body: bytes, request_id: str) -> Answer:
        """The answer with what a package said all at once."""
        bodiless = reply.status in _BODILESS
        return Answer(reply.status, self.passing(reply.headers), b"" if bodiless else body, request_id)

    def passing(self, headers: Headers) -> Fields:
        """A package's header fields that may pass."""
        fields = self._passing.get(headers)
        if fields is None:
            fields = fields_of(_passing(headers))
            if sum(len(name) + len(value) for name, value in headers) <= _LONGEST_REMEMBERED:
                if len(self._passing) >= _REMEMBERED:
                    self._passing.clear()
                self._passing[headers] = fields
        return fields

    def lines(self, answer: Answer) -> bytes:
        """The answer's header fields as HTTP/1.1 writes them."""
        length = b"" if answer.status in _BODILESS else b"content-length: %d\r\n" % len(answer.body)
        own = answer.request_id.encode("latin-1")
        return b"%b%b%bx-request-id: %b\r\n" % (answer.fields.lines, length, self._always.lines, own)

    async def send(self, send: Any, answer: Answer, *, head_only: bool = False) -> None:
        """Send a whole answer."""
        headers = list(answer.fields.pairs)
        if answer.status not in _BODILESS:
            headers.append((b"content-length", str(len(answer.body)).encode()))
        await self._start(send, answer.status, headers, answer.request_id)
        await send({"type": "http.response.body", "body": b"" if head_only else answer.body})

    async def stream(self, send: Any, reply: Reply, request_id: str, *, head_only: bool) -> None:
        """Answer with what a package says in parts. One that fails in the middle leaves its answer unfinished."""
        await self._start(send, reply.status, self.passing(reply.headers).pairs, request_id)
        bodiless = head_only or reply.status in _BODILESS
        try:
            async for part in reply.body:
                if part and not bodiless:
                    await send({"type": "http.response.body", "body": part, "more_body": True})
        except SteamshipError as error:
            # Its status has gone out: what tells the client is a body without its end.
            _log.info("%s: the reply broke off: %s", request_id, error.message)
            return
        await send({"type": "http.response.body", "body": b""})

    async def _start(self, send: Any, status: int, headers: RawHeaders, request_id: str) -> None:
        own = [*self._always.pairs, (b"x-request-id", request_id.encode("latin-1"))]
        await send({"type": "http.response.start", "status": status, "headers": [*headers, *own]})


def fields_of(pairs: RawHeaders) -> Fields:
    """The fields in both forms."""
    return Fields(pairs, b"".join(b"%b: %b\r\n" % pair for pair in pairs))


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
