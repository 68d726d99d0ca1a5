"""What is printed and logged while a zygote imports: read from files, for it has no thread to read pipes."""

import contextlib
import os
import sys

from .frames import Channel
from .output import LINE, cut, open_streams

LINES = 1_000
BYTES = 1024 * 1024


class Printed:
    """Sends what lies in the files that are descriptors 1 and 2, a bounded part of it, and ends these files.

    Afterwards both descriptors lead nowhere until a worker has its own.
    """

    def __init__(self, channel: Channel) -> None:
        self._channel, self._pid = channel, os.getpid()
        # Copies: the author's code may close what it likes.
        self._files = {os.dup(1): "info", os.dup(2): "error"}
        self._read = dict.fromkeys(self._files, 0)
        self._lines = self._bytes = self._dropped = 0
        open_streams()

    def end(self) -> None:
        """Send the rest."""
        self._drain()
        if self._dropped:
            self._send("warning", "%d lines were printed during the import and dropped." % self._dropped)
        nothing = os.open(os.devnull, os.O_RDWR)
        for target in (0, 1, 2):
            os.dup2(nothing, target)
        for descriptor in (nothing, *self._files):
            os.close(descriptor)

    def tell(self, level: str, text: str) -> None:
        """Send one message, after what was printed before it."""
        if os.getpid() == self._pid:
            self._drain()
            self._line(level, cut(text.encode("utf-8", "backslashreplace")))

    def _drain(self) -> None:
        for stream in (sys.stdout, sys.stderr):
            # The author may have closed or replaced it, and its disk may be full.
            with contextlib.suppress(Exception):
                stream.flush()
        for descriptor, level in self._files.items():
            size = os.fstat(descriptor).st_size
            start = self._read[descriptor]
            self._read[descriptor] = size
            # Of more than that the end is not even read.
            content = os.pread(descriptor, min(size - start, BYTES), start)
            for line in content.split(b"\n"):
                self._line(level, cut(line))

    def _line(self, level: str, line: bytes) -> None:
        if not line:
            return
        self._lines += 1
        self._bytes += len(line)
        if self._lines > LINES or self._bytes > BYTES:
            self._dropped += 1
        else:
            self._send(level, line.decode("utf-8", "backslashreplace"))

    def _send(self, level: str, message: str) -> None:
        self._channel.send({"type": "log", "id": 0, "level": level, "message": message[: 2 * LINE]})
