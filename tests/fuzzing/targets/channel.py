"""The engine's end of a worker's socket, whatever comes in whatever parts."""

from __future__ import annotations

import asyncio
from typing import Any

from steamship_engine.model.errors import PackageReplyError
from steamship_engine.model.limits import RUNTIME
from steamship_engine.runtime import channel, frames
from steamship_engine.runtime.frames import Log
from tests.fuzzing.frame_parts import BODIES, streams
from tests.fuzzing.target import Target, check_words

_WHOLE = 1 << 30
_loop = asyncio.new_event_loop()


def check(data: bytes) -> None:
    """The same frames however the bytes are cut, and one typed error at most, told once."""
    for read in (_routed, _received):
        seen = _loop.run_until_complete(read(data, _WHOLE))
        for size in (1 if len(data) < 2_000 else 997, 13):
            again = _loop.run_until_complete(read(data, size))
            # Frames that came with the wrong one may be lost with it.
            assert again[1] == seen[1]
            assert again[0][: len(seen[0])] == seen[0]
            assert seen[1] or again == seen


class Socket(asyncio.Transport):
    """A transport of which the channel may ask what it likes."""

    closing = False
    reading = True

    def is_reading(self) -> bool:
        return self.reading

    def is_closing(self) -> bool:
        return self.closing

    def abort(self) -> None:
        self.closing = True

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def write(self, data: Any) -> None:
        assert not self.closing


class _End:
    """A channel without a worker. `failures` is what it told of its end."""

    def __init__(self) -> None:
        self.logs: list[Log] = []
        self.failures: list[Exception] = []
        self.socket = Socket()
        self.channel = channel.Channel(RUNTIME, self.logs.append, self.failures.append)
        self.channel.connection_made(self.socket)

    def failed(self) -> bool:
        """Whether it has ended; AssertionError unless in the one right way."""
        assert len(self.failures) <= 1
        assert self.socket.closing == bool(self.failures)
        for error in self.failures:
            assert isinstance(error, PackageReplyError)
            check_words(error.message, error.suggestion)
        return bool(self.failures)


async def _routed(data: bytes, size: int) -> tuple[list[Any], bool]:
    """What a worker that has loaded its code sent, and whether that was its end."""
    end = _End()
    frames_: list[Any] = []
    end.channel.route(lambda header, body: frames_.append((header, body)))
    for at in range(0, len(data), size):
        end.channel.data_received(data[at : at + size])
    return frames_, end.failed()


async def _received(data: bytes, size: int) -> tuple[list[Any], bool]:
    """What was waited for, frame by frame; nothing more is read from the socket while two wait."""
    end = _End()
    frames_: list[Any] = []
    for at in range(0, len(data), size):
        end.channel.data_received(data[at : at + size])
        while not end.socket.reading and not end.failures and len(end.logs) < RUNTIME.log_frames_a_second:
            frames_.append(await end.channel.receive())
    return frames_, end.failed()


TARGET = Target("channel", check, streams(BODIES), (channel, frames))
