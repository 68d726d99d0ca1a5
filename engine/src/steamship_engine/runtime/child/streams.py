"""`sys.stdout` and `sys.stderr` of a worker."""

import contextlib
import io
import os
import sys
from collections import deque
from collections.abc import Callable

Taker = Callable[[int, bytes], None]

_opened: "list[tuple[_Descriptor, io.TextIOWrapper]]" = []


def open_streams() -> None:
    """Make both anew, once, before any code of the author's runs.

    They write to descriptors 1 and 2, whatever these are at the time: who took one of them at an import in a
    zygote prints with it in its workers too.
    """
    if not _opened:
        sys.stdout, sys.stderr = _stream(1, "<stdout>"), _stream(2, "<stderr>")


def divert(taker: Taker) -> None:
    """Hand what is printed in this process to `taker`, with its descriptor and at once, from now on."""
    for binary, _ in _opened:
        binary.divert(taker)


def flush() -> None:
    """Write what was printed and is held back, also by a stream that the author put in the place of ours."""
    (out, out_text), (err, err_text) = _opened
    if out.held:
        out.flush()
    if err.held:
        err.flush()
    if sys.stdout is not out_text or sys.stderr is not err_text:
        for current in (sys.stdout, sys.stderr):
            # It may be closed, or no stream at all.
            with contextlib.suppress(Exception):
                current.flush()


class _Descriptor(io.RawIOBase):
    """Descriptor 1 or 2, written line by line. A process that the package forks writes to it even after a diversion.

    `held` is what has no end of line yet; any thread may add to it.
    """

    def __init__(self, descriptor: int, name: str) -> None:
        self.name = name
        self.held: deque[bytes] = deque()
        self._descriptor = descriptor
        self._taker: Taker | None = None
        self._pid = 0

    def divert(self, taker: Taker) -> None:
        self._taker, self._pid = taker, os.getpid()

    def fileno(self) -> int:
        return self._descriptor

    def writable(self) -> bool:
        return True

    def write(self, content: "bytes | bytearray | memoryview") -> int:  # type: ignore[override]
        """Take all of it."""
        given = bytes(content)
        if self._taker is not None and os.getpid() == self._pid:
            self._taker(self._descriptor, given)
        else:
            self.held.append(given)
            if b"\n" in given or len(given) >= io.DEFAULT_BUFFER_SIZE:
                self.flush()
        return len(given)

    def flush(self) -> None:
        """Write what is held."""
        parts = []
        while self.held:
            with contextlib.suppress(IndexError):
                parts.append(self.held.popleft())
        left = memoryview(b"".join(parts))
        while left:
            left = left[os.write(self._descriptor, left) :]


def _stream(descriptor: int, name: str) -> io.TextIOWrapper:
    binary = _Descriptor(descriptor, name)
    text = io.TextIOWrapper(binary, encoding="utf-8", errors="backslashreplace", write_through=True)
    _opened.append((binary, text))
    return text
