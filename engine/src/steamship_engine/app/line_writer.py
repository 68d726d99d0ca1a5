"""The engine's log on its way to a stream: a thread writes it, so that a terminal that is stopped holds up no request."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from contextlib import suppress
from functools import lru_cache
from typing import Self, TextIO

FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
"""Of every line; `moment` writes the time in the same form."""

_EVERY_S = 0.1
_WAITING_AT_MOST = 20_000
_ENDS_WITHIN_S = 1.0


class LineWriter:
    """Writes lines to a stream, many at once, for the length of a `with` block. They are lost where too many wait."""

    def __init__(self, stream: TextIO) -> None:
        self._stream: TextIO | None = stream
        self._waiting: deque[object] = deque()
        self._lost = 0
        self._some, self._now = threading.Event(), threading.Event()
        self._ending = False
        self._thread = threading.Thread(target=self._write_on, name="log", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Write what is left; a stream that takes nothing is not waited for."""
        self._ending = True
        self._now.set()
        self._some.set()
        self._thread.join(_ENDS_WITHIN_S)

    def put(self, line: object) -> None:
        """Have `str(line)` written, which ends its line. Blocks on nothing; it becomes text in the writer's thread."""
        waiting = self._waiting
        if self._stream is None or self._ending:
            return
        if len(waiting) >= _WAITING_AT_MOST:
            self._lost += 1
            return
        waiting.append(line)
        if len(waiting) == 1:
            self._some.set()

    def handler(self) -> logging.Handler:
        """A handler whose records are written at once, in `FORMAT`."""
        handler = _Handler(self)
        handler.setFormatter(logging.Formatter(FORMAT))
        return handler

    def hurry(self) -> None:
        """Write what waits now."""
        self._now.set()

    def _write_on(self) -> None:
        while not self._ending:
            self._some.wait()
            self._some.clear()
            self._now.wait(_EVERY_S)
            self._now.clear()
            self._write()
        # What came while the last ones were written.
        self._write()

    def _write(self) -> None:
        texts = []
        # To the last: `put` rings for a line that is the first again, and for no other.
        with suppress(IndexError):
            while True:
                texts.append(str(self._waiting.popleft()))
        lost, self._lost = self._lost, 0
        if lost:
            texts.append(
                f"{moment(time.time())} WARNING {__name__}: {lost} lines more than could be written\n"
            )
        stream = self._stream
        if stream is None or not texts:
            return
        try:
            stream.write("".join(texts))
            stream.flush()
        except (OSError, ValueError):
            # Nobody reads it any more, or it is closed: that is no reason to serve nobody.
            self._stream = None


class _Handler(logging.Handler):
    def __init__(self, writer: LineWriter) -> None:
        super().__init__()
        self._writer = writer

    def emit(self, record: logging.LogRecord) -> None:
        """Logging's: hand the record over as text, for what it speaks of may change."""
        try:
            text = self.format(record) + "\n"
        except Exception:
            self.handleError(record)
            return
        self._writer.put(text)
        self._writer.hurry()


def moment(at: float) -> str:
    """`at`, seconds since 1970, as `FORMAT` writes it."""
    return _millisecond(int(at * 1000))


@lru_cache(maxsize=16)
def _millisecond(at: int) -> str:
    return f"{_second(at // 1000)},{at % 1000:03d}"


@lru_cache(maxsize=4)
def _second(at: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at))
