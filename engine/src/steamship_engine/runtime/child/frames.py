"""Frames on the worker's side: lengths, a JSON header, a raw body; see ARCHITECTURE.md."""

import json
import socket
import struct
import threading
from collections import deque
from typing import Any

BODY = 1024 * 1024
_READ = 64 * 1024
LENGTHS = struct.Struct(">II")

pack_header = json.JSONEncoder(separators=(",", ":")).encode
_scan = json.JSONDecoder().scan_once  # type: ignore[attr-defined]  # the stubs leave it out

Frame = tuple[Any, bytes]
"""Header and body. A header has its fields by name; a call's alone is a list of them, see `incoming.Call`."""


class Closed(Exception):
    """The engine is gone."""


class Channel:
    """The worker's end. Frames may be sent from any thread; one thread receives.

    The socket blocks: the engine reads at all times, so nothing waits long to be sent.
    """

    def __init__(self, descriptor: int) -> None:
        self._socket = socket.socket(fileno=descriptor)
        self._socket.setblocking(True)
        self._sending = threading.Lock()
        self._held = bytearray()
        self._missing = 0
        self._frames: deque[Frame] = deque()

    def fileno(self) -> int:
        """The socket's descriptor."""
        return self._socket.fileno()

    def close(self) -> None:
        """Give the socket up."""
        self._socket.close()

    def receive(self) -> Frame:
        """The next frame's header and body. Raises Closed when the engine has ended."""
        while not self._frames:
            self._read(0)
        return self._frames.popleft()

    def arrived(self, *, wait: bool) -> "list[Frame]":
        """All frames that are there; with `wait` at least one. Raises Closed when the engine has ended."""
        if not self._frames:
            self._read(0 if wait else socket.MSG_DONTWAIT)
            while wait and not self._frames:
                self._read(0)
        frames = list(self._frames)
        self._frames.clear()
        return frames

    def send(self, header: "dict[str, Any]", body: bytes = b"") -> None:
        """Send one frame; the body is at most `BODY` bytes. Raises Closed."""
        self.send_packed(pack_header(header).encode("utf-8"), body)

    def send_packed(self, header: bytes, body: bytes = b"") -> None:
        """`send` of a header that is JSON already."""
        content = LENGTHS.pack(len(header), len(body)) + header + body
        try:
            with self._sending:
                self._socket.sendall(content)
        except OSError as error:
            raise Closed from error

    def _read(self, flags: int) -> None:
        """Read once, and take the frames that are whole."""
        try:
            content = self._socket.recv(_READ if self._missing <= _READ else min(self._missing, BODY), flags)
        except BlockingIOError:
            return
        except OSError as error:
            raise Closed from error
        if not content:
            raise Closed
        if not self._held:
            self._held += content[self._take(content) :]
            return
        self._held += content
        self._missing -= len(content)
        if self._missing <= 0:
            del self._held[: self._take(self._held)]

    def _take(self, content: "bytes | bytearray") -> int:
        """Take the whole frames at the beginning; how many bytes they were. Notes what is missing of the next."""
        at, end = 0, len(content)
        while end - at >= LENGTHS.size:
            header_size, body_size = LENGTHS.unpack_from(content, at)
            body_at = at + LENGTHS.size + header_size
            if body_at + body_size > end:
                self._missing = body_at + body_size - end
                return at
            text = str(content[at + LENGTHS.size : body_at], "utf-8")
            at = body_at + body_size
            try:
                header, _ = _scan(text, 0)
            except StopIteration:
                raise ValueError("a header that is no JSON") from None
            self._frames.append((header, bytes(content[body_at:at])))
        self._missing = 0
        return at
