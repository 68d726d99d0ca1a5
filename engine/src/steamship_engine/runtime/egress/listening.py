"""One listening socket of a worker's: it is accepted from when somebody comes, and costs nothing else."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

Accepted = Callable[[socket.socket, Callable[[], None]], None]
"""Takes over a connection, and calls the other argument, once, when that has ended."""

_AT_ONCE = 16
_PAUSE_S = 0.1


class Listening:
    """Hands connections to `accepted`, at most `most` at once; others wait to be accepted. The socket is its own to close."""

    def __init__(self, listener: socket.socket, most: int, accepted: Accepted) -> None:
        self._loop = asyncio.get_running_loop()
        self._listener, self._most, self._accepted = listener, most, accepted
        self._open = 0
        self._reads = self._closed = False
        listener.setblocking(False)
        self._read()

    def close(self) -> None:
        """Accept nothing more."""
        if not self._closed:
            self._pause()
            self._closed = True
            self._listener.close()

    def _ready(self) -> None:
        for _ in range(_AT_ONCE):
            if self._open >= self._most:
                self._pause()
                return
            try:
                connection, _ = self._listener.accept()
            except (BlockingIOError, ConnectionAbortedError, InterruptedError):
                return
            except OSError:
                # No descriptor is free, most likely. One may be in a moment.
                self._pause()
                self._loop.call_later(_PAUSE_S, self._read)
                return
            connection.setblocking(False)
            self._open += 1
            self._accepted(connection, self._ended)

    def _ended(self) -> None:
        self._open -= 1
        self._read()

    def _read(self) -> None:
        if not self._reads and not self._closed:
            self._reads = True
            self._loop.add_reader(self._listener.fileno(), self._ready)

    def _pause(self) -> None:
        if self._reads:
            self._reads = False
            self._loop.remove_reader(self._listener.fileno())
