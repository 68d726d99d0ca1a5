"""A request as the gateway reads it: headers once, the body in parts, within its limit."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from typing import Any, TypeVar

from steamship_engine.control.actor import Actor
from steamship_engine.gateway import plain
from steamship_engine.gateway.plain import Plain
from steamship_engine.model.audit import source_of
from steamship_engine.model.errors import InvalidRequestError, TooLargeError
from steamship_engine.model.identifiers import request_id
from steamship_engine.model.limits import GATEWAY
from steamship_engine.model.reserved import reaches_package
from steamship_engine.runtime.port import Peer

Result = TypeVar("Result")


class ClientLeftError(Exception):
    """The client closed the connection, before its body was complete or before it had its answer."""

    def __init__(self, *, call_had_begun: bool) -> None:
        super().__init__()
        self.call_had_begun = call_had_begun


class Inbound:
    """One HTTP request in ASGI's terms. HEAD is GET whose reply has no body. Header names are in lower case, values as Latin-1 text.

    `caller` is whose key it has, once that is known.
    """

    def __init__(self, scope: dict[str, Any], receive: Any) -> None:
        """Read nothing of the body yet."""
        self._receive = receive
        self._is_read = asyncio.Event()
        self.peer: Peer | None = scope.get("client")
        self.head_only: bool = scope["method"] == "HEAD"
        self.verb: str = "GET" if self.head_only else scope["method"]
        self._scope = scope
        self.query: str = scope["query_string"].decode("latin-1")
        self.raw_path: bytes = scope.get("raw_path") or scope["path"].encode()
        self.pairs = [
            (name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in scope["headers"]
        ]
        self.headers: dict[str, str] = dict(self.pairs)
        self.request_id = request_id(self.headers.get("x-request-id", ""))
        self.source = source_of(scope, self.request_id)
        self.caller: Actor | None = None

    def plain(self) -> Plain | None:
        """The request's head where it is plain."""
        target = self.raw_path + b"?" + self._scope["query_string"]
        headers: list[tuple[bytes, bytes]] = self._scope["headers"]
        names, values = [name for name, _ in headers], [value for _, value in headers]
        return plain.read(self._scope["method"].encode(), target, names, values)

    def bearer(self) -> str | None:
        """The key of the Authorization header, or None without one."""
        value = self.headers.get("authorization", "").strip()
        if not value:
            return None
        scheme, _, key = value.partition(" ")
        if scheme.lower() != "bearer" or not key.strip():
            raise InvalidRequestError(
                # Not quoted: where the scheme is forgotten, the key stands in its place.
                "The Authorization header is no bearer key.",
                suggestion="Send `Authorization: Bearer {key}`.",
            )
        return key.strip()

    def for_package(self) -> tuple[tuple[str, str], ...]:
        """The headers that a package may see."""
        return tuple((name, value) for name, value in self.pairs if reaches_package(name))

    def check_length(self) -> None:
        """Refuse a body that says it is too large before a byte of it is read."""
        length = self.headers.get("content-length", "0")
        if length.isdecimal() and int(length) > GATEWAY.body:
            raise _too_large()

    @property
    def is_small(self) -> bool:
        """Whether the body says that it is small enough to be awaited whole."""
        if "transfer-encoding" in self.headers:
            return False
        length = self.headers.get("content-length", "0")
        return length.isdecimal() and int(length) <= GATEWAY.small

    async def whole_body(self) -> bytes:
        """All of the body."""
        return b"".join([part async for part in self.body()])

    async def body(self) -> AsyncIterator[bytes]:
        """The body's parts as they arrive."""
        size = 0
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise ClientLeftError(call_had_begun=False)
            part = message.get("body", b"")
            size += len(part)
            if size > GATEWAY.body:
                raise _too_large()
            if part:
                yield part
            if not message.get("more_body", False):
                self._is_read.set()
                return

    async def unless_left(self, wanted: asyncio.Future[Result]) -> Result:
        """See `unless_left`."""
        return await unless_left(wanted, self._gone())

    async def _gone(self) -> None:
        # What tells is the end of the body: until then its parts are somebody else's to receive.
        await self._is_read.wait()
        await gone(self._receive)


async def gone(receive: Any) -> None:
    """Wait until the client of a request whose body was read has left."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def unless_left(wanted: asyncio.Future[Result], gone: Coroutine[Any, Any, None]) -> Result:
    """What `wanted` gives; it is cancelled, and ClientLeftError raised, if `gone` ends before."""
    if wanted.done():
        gone.close()
        return wanted.result()
    leaving = asyncio.ensure_future(gone)
    try:
        await asyncio.wait((wanted, leaving), return_when=asyncio.FIRST_COMPLETED)
        if not wanted.done():
            raise ClientLeftError(call_had_begun=True)
        return wanted.result()
    finally:
        leaving.cancel()
        wanted.cancel()


def _too_large() -> TooLargeError:
    return TooLargeError(
        f"The body is larger than the {GATEWAY.body} bytes that a call may have.",
        suggestion="Send less, or upload a file and pass its id.",
    )
