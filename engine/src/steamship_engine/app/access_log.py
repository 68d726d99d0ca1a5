"""One line a request: verb, path without its query, status, milliseconds, request id."""

from __future__ import annotations

import time
from collections.abc import Callable, MutableMapping
from functools import lru_cache
from typing import Any

import msgspec

from steamship_engine.app.front import Door, Receive, Scope, Send
from steamship_engine.app.line_writer import moment
from steamship_engine.gateway.calls import LEFT
from steamship_engine.model.reserved import HEALTH_PATHS

NAME = "steamship_engine.access"
_LONGEST_PATH = 500


class Line(msgspec.Struct, frozen=True, gc=False):
    """What is said of a request; `at` is seconds since 1970, `verb` and `path` are the client's."""

    at: float
    verb: str
    path: str
    status: int
    took_s: float
    request_id: str

    def __str__(self) -> str:
        """The line as it is written, in `line_writer.FORMAT`."""
        path, took_ms = _shown(self.path[:_LONGEST_PATH]), self.took_s * 1000
        return f"{moment(self.at)} INFO {NAME}: {self.verb} {path} {self.status} {took_ms:.1f}ms {self.request_id}\n"


@lru_cache(maxsize=1024)
def _shown(path: str) -> str:
    """A path with no line's end and nothing that a terminal would obey."""
    if not path.isascii() or not path.isprintable() or "\\" in path:
        return path.encode("unicode_escape").decode()
    return path


class AccessLog:
    """Hands a `Line` for each answered request to `put`, such as `LineWriter.put`; to nobody without one."""

    def __init__(self, put: Callable[[Line], None] | None = None) -> None:
        self._put = put

    def note(self, verb: str, path: str, status: int, took_s: float, request_id: str) -> None:
        """Have a line written. Health checks go unmentioned."""
        if self._put is not None and path not in HEALTH_PATHS:
            self._put(Line(time.time(), verb, path, status, took_s, request_id))


def logged(door: Door, log: AccessLog) -> Door:
    """The same door, with a line in the log for every answer."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        status, request_id = LEFT, "-"

        async def sending(message: MutableMapping[str, Any]) -> None:
            nonlocal status, request_id
            if message["type"] == "http.response.start":
                status = message["status"]
                given = (value for name, value in message["headers"] if name == b"x-request-id")
                request_id = next(given, b"-").decode("latin-1")
            await send(message)

        try:
            await door(scope, receive, sending)
        finally:
            log.note(scope["method"], scope["path"], status, time.perf_counter() - started, request_id)

    return serve
