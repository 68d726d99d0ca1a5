"""What the author's code prints: taken off descriptors 1 and 2 and sent as `log` frames, within limits."""

import contextlib
import io
import os
import select
import sys
import threading
import time

from .frames import Channel, Closed

LINE = 8 * 1024
LINES_A_SECOND = 200
BYTES_A_SECOND = 256 * 1024
_PIPE = 64 * 1024
_opened: "list[bool]" = []


class Output:
    """Both streams. `call` is the id of the call that is running; lines are marked with it."""

    def __init__(self, channel: Channel) -> None:
        self.call = 0
        self._channel = channel
        self._reading = threading.Lock()
        self._window, self._lines, self._bytes, self._dropped = 0.0, 0, 0, 0
        self._streams = {_captured(1): _Lines("info"), _captured(2): _Lines("error")}
        open_streams()
        self._poll, poll = select.poll(), select.poll()
        for descriptor in self._streams:
            self._poll.register(descriptor, select.POLLIN)
            poll.register(descriptor, select.POLLIN)
        threading.Thread(target=self._pump, args=(poll,), name="steamship-output", daemon=True).start()

    def flush(self) -> None:
        """Send what was printed until now, unfinished lines too."""
        for stream in (sys.stdout, sys.stderr):
            # The author may have closed or replaced it.
            with contextlib.suppress(Exception):
                stream.flush()
        with self._reading:
            for descriptor, _ in self._poll.poll(0):
                self._read(descriptor, self._streams[descriptor])
            for lines in self._streams.values():
                self._emit(lines.level, lines.rest())
            self._tell_dropped()

    def tell(self, level: str, text: str) -> None:
        """Send one message of any level, after what was printed before it."""
        with self._reading:
            for descriptor, _ in self._poll.poll(0):
                self._read(descriptor, self._streams[descriptor])
            self._emit(level, _cut(text.encode("utf-8", "backslashreplace")))

    def _pump(self, poll: "select.poll") -> None:
        with contextlib.suppress(Closed):
            while True:
                for descriptor, _ in poll.poll():
                    with self._reading:
                        self._read(descriptor, self._streams[descriptor])

    def _read(self, descriptor: int, lines: "_Lines") -> None:
        """One pipe's worth at most, so that an endless writer cannot keep `flush` busy."""
        with contextlib.suppress(BlockingIOError):
            for line in lines.split(os.read(descriptor, _PIPE)):
                self._emit(lines.level, line)

    def _emit(self, level: str, line: bytes) -> None:
        if not line:
            return
        now = time.monotonic()
        if now - self._window >= 1:
            self._tell_dropped()
            self._window, self._lines, self._bytes = now, 0, 0
        self._lines += 1
        self._bytes += len(line)
        if self._lines > LINES_A_SECOND or self._bytes > BYTES_A_SECOND:
            self._dropped += 1
        else:
            self._send(level, line.decode("utf-8", "backslashreplace"))

    def _tell_dropped(self) -> None:
        dropped, self._dropped = self._dropped, 0
        if dropped:
            self._send("warning", f"{dropped} lines were printed too fast and dropped.")

    def _send(self, level: str, message: str) -> None:
        self._channel.send({"type": "log", "id": self.call, "level": level, "message": message})


class _Lines:
    """Cuts a stream into lines of at most `LINE` bytes; what is longer loses its end."""

    def __init__(self, level: str) -> None:
        self.level = level
        self._part = b""

    def split(self, content: bytes) -> "list[bytes]":
        *whole, last = content.split(b"\n")
        if whole:
            whole[0] = self._part + whole[0]
            self._part = b""
        self._part = (self._part + last)[: LINE + 1]
        return [_cut(line) for line in whole]

    def rest(self) -> bytes:
        part, self._part = self._part, b""
        return _cut(part)


def _cut(line: bytes) -> bytes:
    return line if len(line) <= LINE else line[:LINE] + b"... (cut)"


def open_streams() -> None:
    """Make `sys.stdout` and `sys.stderr` anew, once, before any code of the author's runs.

    They write to descriptors 1 and 2, whatever these are at the time: who took one of them at an import in a
    zygote prints with it in its workers too.
    """
    if not _opened:
        sys.stdout, sys.stderr = _stream(1), _stream(2)
        _opened.append(True)


def _stream(descriptor: int) -> "io.TextIOWrapper":
    """A new text stream: the interpreter's own was opened on another kind of file."""
    binary = io.BufferedWriter(io.FileIO(descriptor, "wb", closefd=False))
    return io.TextIOWrapper(binary, encoding="utf-8", errors="backslashreplace", line_buffering=True)


def _captured(descriptor: int) -> int:
    """Replace a descriptor by a pipe; the pipe's reading end."""
    reading, writing = os.pipe()
    os.dup2(writing, descriptor)
    os.close(writing)
    os.set_blocking(reading, False)
    return reading
