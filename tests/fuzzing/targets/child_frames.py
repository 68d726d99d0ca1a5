"""What the engine sends, as a worker reads it, however it is cut on its way."""

from __future__ import annotations

import json
import socket

from steamship_engine.runtime.child import frames
from tests.fuzzing.frame_parts import BODIES, frame, streams
from tests.fuzzing.target import Target

_WHOLE = 1 << 30


def check(data: bytes) -> None:
    """The same frames however the bytes are cut, then the end, or the error that ends the worker."""
    received, ended = _read(data, _WHOLE)
    for size in (1 if len(data) < 2_000 else 997, 13):
        again, again_ended = _read(data, size)
        assert again_ended == ended
        assert repr(again[: len(received)]) == repr(received)
    if ended == "Closed":
        sent = b"".join(frame(json.dumps(header).encode(), body) for header, body in received)
        assert repr(_read(sent, _WHOLE)) == repr((received, "Closed"))


class _Cut:
    """A socket from which the bytes come in parts of a size."""

    def __init__(self, data: bytes, size: int) -> None:
        self._data, self._size, self._at = data, size, 0

    def recv(self, most: int, flags: int = 0) -> bytes:
        assert 0 < most <= frames.BODY
        start, self._at = self._at, self._at + min(most, self._size)
        return self._data[start : self._at]


def _read(data: bytes, size: int) -> tuple[list[tuple[object, bytes]], str]:
    """The frames, and what ended them."""
    ours, theirs = socket.socketpair()
    with ours:
        channel = frames.Channel(theirs.detach())
        channel._socket.close()
    channel._socket = _Cut(data, size)
    found: list[tuple[object, bytes]] = []
    try:
        while True:
            found.append(channel.receive())
    except (frames.Closed, ValueError, RecursionError) as error:
        return found, type(error).__name__


TARGET = Target("child_frames", check, streams(BODIES), (frames,))
