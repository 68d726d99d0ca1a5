"""Listeners of this machine that nobody in a sandbox may reach; they say a word to everyone who comes."""

from __future__ import annotations

import os
import selectors
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

WORD = b"the host"


class Listeners:
    """On TCP and UDP of both loopbacks and on two Unix sockets. `came` names those that somebody reached."""

    def __init__(self, folder: Path) -> None:
        """`folder` is for the Unix socket with a path; everybody may enter it."""
        self.came: list[str] = []
        self.path = folder / "listener.sock"
        self.abstract = f"listener-{os.getpid()}-{id(self)}"
        self._sockets: dict[str, socket.socket] = {}
        self._selector = selectors.DefaultSelector()
        self._ends, self._end = socket.socketpair()
        self._add("tcp", socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0))
        self._add("every", socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.2", 0))
        self._add("tcp6", socket.AF_INET6, socket.SOCK_STREAM, ("::1", 0))
        self._add("udp", socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0))
        self._add("udp6", socket.AF_INET6, socket.SOCK_DGRAM, ("::1", 0))
        self._add("path", socket.AF_UNIX, socket.SOCK_STREAM, str(self.path))
        self._add("abstract", socket.AF_UNIX, socket.SOCK_STREAM, "\0" + self.abstract)
        self.path.chmod(0o777)
        self._selector.register(self._ends, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def given(self) -> dict[str, Any]:
        """What an attack needs to know to reach them."""
        ports = {
            name: made.getsockname()[1]
            for name, made in self._sockets.items()
            if made.family in (socket.AF_INET, socket.AF_INET6)
        }
        return {"ports": ports, "unix": {"abstract": self.abstract, "path": str(self.path)}}

    def close(self) -> None:
        """Stop listening."""
        self._end.close()
        self._thread.join()
        for made in (*self._sockets.values(), self._ends):
            made.close()
        self._selector.close()
        self.path.unlink()

    def _add(self, name: str, family: int, kind: int, address: Any) -> None:
        made = self._sockets[name] = socket.socket(family, kind)
        made.bind(address)
        if kind == socket.SOCK_STREAM:
            made.listen()
        self._selector.register(made, selectors.EVENT_READ, name)

    def _serve(self) -> None:
        while True:
            for key, _ in self._selector.select():
                if key.data is None:
                    return
                self.came.append(key.data)
                self._answer(self._sockets[key.data])

    def _answer(self, made: socket.socket) -> None:
        if made.type == socket.SOCK_STREAM:
            connection, _ = made.accept()
            with connection:
                connection.sendall(WORD)
        else:
            _, address = made.recvfrom(64)
            made.sendto(WORD, address)


@contextmanager
def listening(folder: Path) -> Iterator[Listeners]:
    """Listeners for as long as the block runs."""
    made = Listeners(folder)
    try:
        yield made
    finally:
        made.close()
