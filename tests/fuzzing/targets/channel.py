"""The engine's end of a worker's socket, whatever comes in whatever parts."""

from __future__ import annotations

import asyncio
from typing import Any

from steamship_engine.model.errors import PackageReplyError
from steamship_engine.model.limits import RUNTIME
from steamship_engine.runtime import channel, frames
from steamship_engine.runtime.frames import Frame, Log
from tests.fuzzing.frame_parts import BODIES, streams
from tests.fuzzing.target import Target, check_words

_WHOLE = 1 << 30
_loop = asyncio.new_event_loop()


def check(data: bytes) -> None:
    """The same frames however the bytes are cut, and one typed error at most, told once."""
    seen = _loop.run_until_complete(_read(data, _WHOLE))
    for size in (1 if len(data) < 2_000 else 997, 13):
        assert _loop.run_until_complete(_read(data, size)) == seen


class _Socket(asyncio.Transport):
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
        raise AssertionError("nobody sends")


async def _read(data: bytes, size: int) -> tuple[list[Frame | Log], type[Exception] | None]:
    """Frames and log records, and the error."""
    logs: list[Frame | Log] = []
    received: list[Frame | Log] = []
    failures: list[Exception] = []
    end = channel.Channel(RUNTIME, logs.append, failures.append)
    socket = _Socket()
    end.connection_made(socket)
    for at in range(0, len(data), size):
        end.data_received(data[at : at + size])
        while end._frames:
            received.append(await end.receive())
        if failures:
            break
    assert len(failures) <= 1
    assert socket.closing == bool(failures)
    if not failures:
        return received + logs, None
    assert isinstance(failures[0], PackageReplyError)
    check_words(failures[0].message, failures[0].suggestion)
    return logs, PackageReplyError


TARGET = Target("channel", check, streams(BODIES), (channel, frames))
