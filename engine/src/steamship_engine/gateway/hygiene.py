"""Requests that are refused before anybody reads them: what the HTTP server below lets through."""

from __future__ import annotations

import re
from collections.abc import Iterable

from steamship_engine.model.errors import InvalidRequestError
from steamship_engine.model.limits import GATEWAY

_HOST = re.compile(r"(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::[0-9]{1,5})?")
_SINGLE = (b"host", b"authorization", b"content-length", b"content-type")


def host_of(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """The host name of a request, lower-case, without port and brackets.

    Raises InvalidRequestError for a request with no, two or malformed Host fields, doubled fields
    whose two readings could differ, or too many bytes of headers.
    """
    seen: dict[bytes, bytes] = {}
    size = 0
    for name, value in headers:
        size += len(name) + len(value)
        if name in _SINGLE:
            if name in seen:
                raise InvalidRequestError(
                    f'The header "{name.decode()}" is sent twice.', suggestion="Send it once."
                )
            seen[name] = value
    if size > GATEWAY.headers:
        raise InvalidRequestError(
            f"The headers are larger than {GATEWAY.headers} bytes.",
            suggestion="Send fewer or shorter headers.",
        )
    host = seen.get(b"host", b"").decode("latin-1")
    if _HOST.fullmatch(host) is None:
        raise InvalidRequestError(f'"{host[:200]}" is not a host name.', suggestion="Send one Host header.")
    return host.rpartition(":")[0].strip("[]").lower() if _has_port(host) else host.strip("[]").lower()


def _has_port(host: str) -> bool:
    return ":" in host and not host.endswith("]")
