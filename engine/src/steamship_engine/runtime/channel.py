"""The engine's end of a worker's socket: frames out, frames in, with back-pressure both ways."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import cast

from steamship_engine.model.errors import SteamshipError
from steamship_engine.model.limits import RuntimeLimits
from steamship_engine.runtime import frames
from steamship_engine.runtime.frames import Frame, Log

_QUEUED_FRAMES = 2


class ChannelClosed(Exception):
    """The worker's end is closed."""


class Channel(asyncio.Protocol):
    """Parses what a worker sends.

    Log frames go to `on_log` at once; other frames wait for `receive`, and while two wait no more are read
    from the socket. After `fail` every wait raises; `on_failed` is told once when that happens by itself.
    """

    def __init__(
        self,
        limits: RuntimeLimits,
        on_log: Callable[[Log], None],
        on_failed: Callable[[Exception], None],
    ) -> None:
        self._limits, self._on_log, self._on_failed = limits, on_log, on_failed
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._frames: deque[Frame] = deque()
        self._waiting: asyncio.Future[None] | None = None
        self._writable: asyncio.Future[None] | None = None
        self._failure: Exception | None = None
        self._crowded = self._flooding = False
        self._log_second, self._logged = 0.0, 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asyncio's: the socket is there."""
        self._transport = cast("asyncio.Transport", transport)
        if self._failure is not None:
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Asyncio's: the worker closed its end."""
        if self._failure is None:
            closed = ChannelClosed()
            self.fail(closed)
            self._on_failed(closed)

    def pause_writing(self) -> None:
        """Asyncio's: the worker does not read fast enough."""
        self._writable = self._loop.create_future()

    def resume_writing(self) -> None:
        """Asyncio's: it has caught up."""
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)
        self._writable = None

    def data_received(self, data: bytes) -> None:
        """Asyncio's: bytes of the worker."""
        if self._failure is not None:
            return
        self._buffer += data
        try:
            self._parse()
        except SteamshipError as error:
            self.fail(error)
            self._on_failed(error)
        else:
            self._crowded = len(self._frames) >= _QUEUED_FRAMES
            self._set_reading()

    async def send(self, content: bytes) -> None:
        """Send a frame's bytes; waits while the worker does not read. Raises what `fail` was given."""
        self.post(content)
        if self._writable is not None:
            await asyncio.shield(self._writable)
            if self._failure is not None:
                raise self._failure

    def post(self, content: bytes) -> None:
        """Send a frame's bytes without waiting, in the order of the calls. Raises what `fail` was given."""
        if self._failure is not None:
            raise self._failure
        if self._transport is None:
            raise ChannelClosed
        self._transport.write(content)

    async def receive(self) -> Frame:
        """The next frame that is no log. Safe to cancel. Raises what `fail` was given."""
        while not self._frames:
            if self._failure is not None:
                raise self._failure
            self._waiting = self._loop.create_future()
            await self._waiting
        frame = self._frames.popleft()
        if self._crowded and len(self._frames) < _QUEUED_FRAMES:
            self._crowded = False
            self._set_reading()
        return frame

    @property
    def failure(self) -> Exception | None:
        """Why the channel has ended; None while it works."""
        return self._failure

    def expect_silence(self) -> None:
        """Refuse a worker that has sent a frame for which nobody asked. Raises PackageReplyError."""
        if self._frames or self._buffer:
            raise frames.wrong_frame("a frame between two calls")

    def fail(self, error: Exception) -> None:
        """End the channel: what waits, and whatever comes later, raises `error`; the first one counts."""
        if self._failure is None:
            self._failure = error
            self._frames.clear()
            self._buffer.clear()
        if self._transport is not None:
            self._transport.abort()
        for future in (self._waiting, self._writable):
            if future is not None and not future.done():
                future.set_result(None)

    def _parse(self) -> None:
        buffer, at = self._buffer, 0
        prefix = frames.LENGTHS.size
        while len(buffer) - at >= prefix:
            header_size, body_size = frames.lengths(buffer, at, self._limits)
            end = at + prefix + header_size + body_size
            if len(buffer) < end:
                break
            header = frames.decode(bytes(buffer[at + prefix : at + prefix + header_size]))
            body = bytes(buffer[at + prefix + header_size : end])
            at = end
            if type(header) is Log:
                self._log(header)
            else:
                self._frames.append(Frame(header, body))
        del buffer[:at]
        if self._frames and self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    def _log(self, header: Log) -> None:
        """Hand a line on; one who sends too many is not read until the second is over."""
        now = self._loop.time()
        if now - self._log_second >= 1:
            self._log_second, self._logged = now, 0
        self._logged += 1
        if self._logged == self._limits.log_frames_a_second:
            self._flooding = True
            self._loop.call_at(self._log_second + 1, self._flood_over)
        if self._logged <= self._limits.log_frames_a_second:
            self._on_log(header)

    def _flood_over(self) -> None:
        self._flooding = False
        self._set_reading()

    def _set_reading(self) -> None:
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        wanted = not (self._crowded or self._flooding)
        if wanted and not transport.is_reading():
            transport.resume_reading()
        elif not wanted and transport.is_reading():
            transport.pause_reading()
