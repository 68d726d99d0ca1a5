"""`sys.stdout` and `sys.stderr` of a worker."""

import io
import os
import sys
from collections.abc import Callable

_opened: "dict[int, tuple[_Descriptor, io.TextIOWrapper]]" = {}

Taker = Callable[[int, bytes], None]


def open_streams() -> None:
    """Make both anew, once, before any code of the author's runs.

    They write to descriptors 1 and 2, whatever these are at the time: who took one of them at an import in a
    zygote prints with it in its workers too.
    """
    if not _opened:
        sys.stdout, sys.stderr = _stream(1, "<stdout>"), _stream(2, "<stderr>")


def divert(taker: Taker) -> None:
    """Hand what is printed in this process to `taker`, with its descriptor and at once, from now on."""
    for binary, text in _opened.values():
        binary.divert(taker)
        text.reconfigure(write_through=True)


class _Descriptor(io.RawIOBase):
    """Descriptor 1 or 2. A process that the package forks writes to it even after a diversion."""

    def __init__(self, descriptor: int, name: str) -> None:
        self.name = name
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
        """Write all of it."""
        view = memoryview(content).cast("B")
        if self._taker is not None and os.getpid() == self._pid:
            self._taker(self._descriptor, bytes(view))
            return len(view)
        left = view
        while left:
            left = left[os.write(self._descriptor, left) :]
        return len(view)


def _stream(descriptor: int, name: str) -> io.TextIOWrapper:
    binary = _Descriptor(descriptor, name)
    text = io.TextIOWrapper(binary, encoding="utf-8", errors="backslashreplace", line_buffering=True)
    _opened[descriptor] = binary, text
    return text
