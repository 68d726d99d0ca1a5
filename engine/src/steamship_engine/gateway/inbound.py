"""A request as the gateway reads it: headers once, the body in parts, within its limit."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from steamship_engine.model.errors import InvalidRequestError, TooLargeError
from steamship_engine.model.identifiers import request_id
from steamship_engine.model.limits import GATEWAY
from steamship_engine.model.reserved import reaches_package


class ClientLeftError(Exception):
    """The client closed the connection before its body was complete."""


class Inbound:
    """One HTTP request in ASGI's terms. HEAD is GET whose reply has no body. Header names are in lower case, values as Latin-1 text."""

    def __init__(self, scope: dict[str, Any], receive: Any) -> None:
        """Read nothing of the body yet."""
        self._receive = receive
        self.peer: tuple[str, int] | None = scope.get("client")
        self.head_only: bool = scope["method"] == "HEAD"
        self.verb: str = "GET" if self.head_only else scope["method"]
        self.query: str = scope["query_string"].decode("latin-1")
        self.raw_path: bytes = scope.get("raw_path") or scope["path"].encode()
        self.pairs = [
            (name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in scope["headers"]
        ]
        self.headers: dict[str, str] = dict(self.pairs)
        self.request_id = request_id(self.headers.get("x-request-id", ""))

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

    async def body(self) -> AsyncIterator[bytes]:
        """The body's parts as they arrive."""
        size = 0
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise ClientLeftError
            part = message.get("body", b"")
            size += len(part)
            if size > GATEWAY.body:
                raise _too_large()
            if part:
                yield part
            if not message.get("more_body", False):
                return


def _too_large() -> TooLargeError:
    return TooLargeError(
        f"The body is larger than the {GATEWAY.body} bytes that a call may have.",
        suggestion="Send less, or upload a file and pass its id.",
    )
