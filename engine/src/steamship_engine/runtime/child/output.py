"""What the author's code prints: taken off descriptors 1 and 2 and sent as `log` frames, within limits."""

import _thread
import contextlib
import os
import select
import threading
import time
from contextvars import ContextVar
from typing import Any

from . import streams
from .frames import Channel, Closed
from .streams import open_streams

__all__ = ["Output", "open_streams"]

LINE = 8 * 1024
LINES_A_SECOND = 200
BYTES_A_SECOND = 256 * 1024
_PIPE = 64 * 1024
_STACK = 256 * 1024
_LEVELS = {1: "info", 2: "error"}
_call: "ContextVar[int]" = ContextVar("call", default=0)


class Output:
    """Both streams. `call` is the id of the call that is running; lines are marked with it.

    Where several run at once, after `tell_apart`, each `begin`s and `end`s in a context of its own, and what is
    printed or logged in that is marked with it. `call` is the oldest of them, which gets what nobody can tell.
    """

    def __init__(self, channel: Channel) -> None:
        self.call = 0
        self._channel = channel
        self._pid = os.getpid()
        self._running: dict[int, None] = {}
        self._printed: dict[tuple[int, int], _Lines] = {}
        # The author's finalizers may print at any time, also while this thread has the lock.
        self._reading = threading.RLock()
        self._window, self._lines, self._bytes, self._dropped = 0.0, 0, 0, 0
        self._streams = {_captured(number): _Lines(level) for number, level in _LEVELS.items()}
        open_streams()
        self._poll, poll = select.poll(), select.poll()
        for descriptor in self._streams:
            self._poll.register(descriptor, select.POLLIN)
            poll.register(descriptor, select.POLLIN)
        _start_thread(self._pump, poll)

    def tell_apart(self) -> None:
        """Prepare for several calls at once."""
        streams.divert(self._take)

    def begin(self, call: int) -> None:
        """A call begins in the current context."""
        _call.set(call)
        self._running[call] = None
        self.call = next(iter(self._running))

    def end(self, call: int) -> None:
        """It is over, and was flushed."""
        del self._running[call]
        self.call = next(iter(self._running), 0)

    def flush(self) -> None:
        """Send what was printed until now, unfinished lines too.

        Ends a process that the author's code forked and let run on: there is one worker only.
        """
        if os.getpid() != self._pid:
            os._exit(0)
        streams.flush()
        with self._reading:
            for descriptor, _ in self._poll.poll(0):
                self._read(descriptor, self._streams[descriptor])
            for lines in self._streams.values():
                if lines.part:
                    self._emit(lines.level, lines.rest(), self.call)
            if self._printed:
                self._end_lines()
            if self._dropped:
                self._tell_dropped()

    def tell(self, level: str, text: str) -> None:
        """Send one message of any level, after what was printed before it."""
        with self._reading:
            for descriptor, _ in self._poll.poll(0):
                self._read(descriptor, self._streams[descriptor])
            self._emit(level, cut(text.encode("utf-8", "backslashreplace")), self._whose())

    def _end_lines(self) -> None:
        """Send the unfinished lines of the current context's call."""
        call = self._whose()
        for number in _LEVELS:
            own = self._printed.pop((call, number), None)
            if own is not None:
                self._emit(own.level, own.rest(), call)

    def _take(self, descriptor: int, content: bytes) -> None:
        """What Python code prints where calls are told apart."""
        call = self._whose()
        with self._reading:
            lines = self._printed.setdefault((call, descriptor), _Lines(_LEVELS[descriptor]))
            for line in lines.split(content):
                self._emit(lines.level, line, call)

    def _whose(self) -> int:
        """The call of the current context, if it still runs."""
        call = _call.get()
        return call if call in self._running else self.call

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
                self._emit(lines.level, line, self.call)

    def _emit(self, level: str, line: bytes, call: int) -> None:
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
            self._send(level, line.decode("utf-8", "backslashreplace"), call)

    def _tell_dropped(self) -> None:
        dropped, self._dropped = self._dropped, 0
        if dropped:
            self._send("warning", f"{dropped} lines were printed too fast and dropped.", self.call)

    def _send(self, level: str, message: str, call: int) -> None:
        self._channel.send({"type": "log", "id": call, "level": level, "message": message})


class _Lines:
    """Cuts a stream into lines of at most `LINE` bytes; what is longer loses its end."""

    def __init__(self, level: str) -> None:
        self.level = level
        self.part = b""

    def split(self, content: bytes) -> "list[bytes]":
        *whole, last = content.split(b"\n")
        if whole:
            whole[0] = self.part + whole[0]
            self.part = b""
        self.part = (self.part + last)[: LINE + 1]
        return [cut(line) for line in whole]

    def rest(self) -> bytes:
        part, self.part = self.part, b""
        return cut(part)


def cut(line: bytes) -> bytes:
    return line if len(line) <= LINE else line[:LINE] + b"... (cut)"


def _start_thread(function: Any, argument: Any) -> None:
    """Without what `threading` keeps of a thread, and with a small stack: every worker has this one."""
    usual = _thread.stack_size(_STACK)
    try:
        _thread.start_new_thread(function, (argument,))
    finally:
        _thread.stack_size(usual)


def _captured(descriptor: int) -> int:
    """Replace a descriptor by a pipe; the pipe's reading end."""
    reading, writing = os.pipe()
    os.dup2(writing, descriptor)
    os.close(writing)
    os.set_blocking(reading, False)
    return reading
