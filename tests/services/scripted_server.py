"""A server on a socket of its own that answers each request as a test says."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable

from steamship.base.transport import HttpRequest

OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"
Script = Callable[[socket.socket, bytes], bool]


class Server:
    """Reads whole requests and lets `script` answer each; the connection is closed when it says False."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.requests: list[bytes] = []
        self.connections = 0
        self.closed = threading.Semaphore(0)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}/greet"

    def stop(self) -> None:
        """Take no more connections."""
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            while request := _request(connection):
                self.requests.append(request)
                if not self.script(connection, request):
                    break
        self.closed.release()


def _request(connection: socket.socket) -> bytes:
    """One request, head and body; b"" when the client has closed."""
    data = b""
    while b"\r\n\r\n" not in data:
        try:
            more = connection.recv(65536)
        except OSError:
            return b""
        if not more:
            return b""
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    missing = int(lengths[0].partition(b":")[2]) - len(body) if lengths else 0
    while missing > 0:
        more = connection.recv(missing)
        data, missing = data + more, missing - len(more)
    return data


def answer_well(connection: socket.socket, _request: bytes) -> bool:
    """The script of a server that is well."""
    connection.sendall(OK)
    return True


def post(server: Server, *, repeatable: bool = False, timeout_s: float | None = None) -> HttpRequest:
    """A call of the server."""
    return HttpRequest("POST", server.url, {"X-A": "b"}, b"body", timeout_s, repeatable)
