"""One line a request: verb, path without its query, status, milliseconds, request id.

Lines are written by a thread of their own, many at once: a terminal that is slow, or stopped, holds up no request.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import MutableMapping
from contextlib import suppress
from functools import lru_cache
from typing import Any, NamedTuple, TextIO

from steamship_engine.app.front import Door, Receive, Scope, Send
from steamship_engine.gateway.calls import LEFT
from steamship_engine.model.reserved import HEALTH_PATHS

_NAME = "steamship_engine.access"
_EVERY_S = 0.1
_WAITING_AT_MOST = 20_000
_LONGEST_PATH = 500


class Line(NamedTuple):
    """What is said of a request; `at` is seconds since 1970, `verb` and `path` are the client's."""

    at: float
    verb: str
    path: str
    status: int
    took_s: float
    request_id: str


class AccessLog:
    """Writes to a stream between `start` and `close`; without one, nothing. Lines are lost where too many wait."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream
        self._waiting: deque[Line] = deque()
        self._lost = 0
        self._bell = threading.Event()
        self._ending = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Write in the background from here on."""
        if self._stream is not None:
            self._thread = threading.Thread(target=self._write_on, name="access log", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Write what is left, and end; a stream that takes nothing is not waited for."""
        self._ending = True
        self._bell.set()
        if self._thread is not None:
            self._thread.join(_EVERY_S * 10)

    def note(self, verb: str, path: str, status: int, took_s: float, request_id: str) -> None:
        """Have a line written. Blocks on nothing."""
        if self._stream is None or path in HEALTH_PATHS:
            return
        if len(self._waiting) >= _WAITING_AT_MOST:
            self._lost += 1
            return
        self._waiting.append(Line(time.time(), verb, path, status, took_s, request_id))
        if len(self._waiting) == 1:
            self._bell.set()

    def _write_on(self) -> None:
        while not self._ending:
            self._bell.wait()
            self._bell.clear()
            if not self._ending:
                time.sleep(_EVERY_S)
            self._write()
        # What came while the last ones were written.
        self._write()

    def _write(self) -> None:
        texts = []
        # To the last: `note` rings for a line that is the first again, and for no other.
        with suppress(IndexError):
            while True:
                texts.append(text_of(self._waiting.popleft()))
        lost, self._lost = self._lost, 0
        if lost:
            texts.append(f"{_moment(time.time())} WARNING {_NAME}: {lost} more than could be written\n")
        stream = self._stream
        if stream is None or not texts:
            return
        try:
            stream.write("".join(texts))
            stream.flush()
        except (OSError, ValueError):
            # Nobody reads it any more, or it is closed: that is no reason to serve nobody.
            self._stream = None


def logged(door: Door, log: AccessLog) -> Door:
    """The same door, with a line in the log for every answer. Health checks go unmentioned."""

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


def text_of(line: Line) -> str:
    """The line as it is written, in the form of all others (`server.FORMAT`)."""
    path = line.path[:_LONGEST_PATH]
    if not path.isascii() or not path.isprintable() or "\\" in path:
        path = path.encode("unicode_escape").decode()
    return (
        f"{_moment(line.at)} INFO {_NAME}: {line.verb} {path} {line.status} "
        f"{line.took_s * 1000:.1f}ms {line.request_id}\n"
    )


def _moment(at: float) -> str:
    second = int(at)
    return f"{_second(second)},{int((at - second) * 1000):03d}"


@lru_cache(maxsize=4)
def _second(at: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at))
