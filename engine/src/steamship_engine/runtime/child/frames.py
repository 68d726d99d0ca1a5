"""Frames on the worker's side: lengths, a JSON header, a raw body; see ARCHITECTURE.md."""

import json
import socket
import struct
import threading
from typing import Any

BODY = 1024 * 1024
_READ = 64 * 1024
_LENGTHS = struct.Struct(">II")


class Closed(Exception):
    """The engine is gone."""


class Channel:
    """The worker's end. Frames may be sent from any thread; one thread receives."""

    def __init__(self, descriptor: int) -> None:
        self._socket = socket.socket(fileno=descriptor)
        self._socket.setblocking(True)
        self._sending = threading.Lock()
        self._held = bytearray()

    def receive(self) -> tuple[dict[str, Any], bytes]:
        """The next frame's header and body. Raises Closed when the engine has ended."""
        header_size, body_size = _LENGTHS.unpack(self._exactly(_LENGTHS.size))
        content = self._exactly(header_size + body_size)
        return json.loads(content[:header_size]), content[header_size:]

    def send(self, header: dict[str, Any], body: bytes = b"") -> None:
        """Send one frame; the body is at most `BODY` bytes."""
        packed = json.dumps(header, separators=(",", ":")).encode("utf-8")
        content = _LENGTHS.pack(len(packed), len(body)) + packed + body
        try:
            with self._sending:
                self._socket.sendall(content)
        except OSError as error:
            raise Closed from error

    def send_all(self, header: dict[str, Any], body: bytes) -> None:
        """Send a frame whose body may have any size, followed by `body` frames."""
        if len(body) <= BODY:
            self.send({**header, "more": False}, body)
            return
        view = memoryview(body)
        self.send({**header, "more": True}, bytes(view[:BODY]))
        for start in range(BODY, len(body), BODY):
            more = start + BODY < len(body)
            self.send({"type": "body", "id": header["id"], "more": more}, bytes(view[start : start + BODY]))

    def receive_all(self, header: dict[str, Any], body: bytes) -> bytes | None:
        """The whole body that began with this frame; None when the engine withdrew the call."""
        parts = [body]
        while header["more"]:
            header, body = self.receive()
            if header["type"] == "withdraw":
                return None
            parts.append(body)
        return b"".join(parts) if len(parts) > 1 else parts[0]

    def _exactly(self, size: int) -> bytes:
        """That many bytes; what comes along with them is kept for the next time."""
        while len(self._held) < size:
            try:
                part = self._socket.recv(max(_READ, min(size - len(self._held), BODY)))
            except OSError as error:
                raise Closed from error
            if not part:
                raise Closed
            self._held += part
        taken = bytes(self._held[:size])
        del self._held[:size]
        return taken
