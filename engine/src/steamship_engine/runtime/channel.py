"""The engine's end of a worker's socket: frames out, frames in, with back-pressure both ways."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import cast

from steamship_engine.model.errors import SteamshipError
from steamship_engine.model.limits import RuntimeLimits
from steamship_engine.runtime import frames
from steamship_engine.runtime.frames import Frame, FromWorker, Log

_QUEUED_FRAMES = 2


class ChannelClosed(Exception):
    """The worker's end is closed."""


class Channel(asyncio.Protocol):
    """Parses what a worker sends.

    Log frames go to `on_log` at once; other frames wait for `receive`, and while two wait no more are read
    from the socket, until `route` names who takes them as they come. After `fail` every wait raises; `on_failed` is told once when that happens by itself.
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
        self._needed = 0
        self._unsent: list[bytes] = []
        self._frames: deque[Frame] = deque()
        self._route: Callable[[FromWorker, bytes], None] | None = None
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
        self.lost()

    def lost(self) -> None:
        """The worker's end is closed, or nobody is there any more who could write to it."""
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
        if self._buffer:
            # A frame that trickles in is put together without being looked at again and again.
            self._buffer += data
            if len(self._buffer) < self._needed:
                return
            data = bytes(self._buffer)
        try:
            self._parse(data)
        except SteamshipError as error:
            self.fail(error)
            self._on_failed(error)
            return
        if self._route is None or self._flooding:
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
        # What one turn of the event loop sends goes out in one write.
        if not self._unsent:
            self._loop.call_soon(self._write)
        self._unsent.append(content)

    def _write(self) -> None:
        unsent, self._unsent = self._unsent, []
        if self._failure is None and self._transport is not None:
            self._transport.write(unsent[0] if len(unsent) == 1 else b"".join(unsent))

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

    def route(self, taker: Callable[[FromWorker, bytes], None]) -> None:
        """Hand every further frame that is no log to `taker`, which may raise PackageReplyError.

        Raises PackageReplyError when the worker has sent one for which nobody asked.
        """
        if self._frames or self._buffer:
            raise frames.wrong_frame("a frame before any call")
        self._route = taker

    @property
    def failure(self) -> Exception | None:
        """Why the channel has ended; None while it works."""
        return self._failure

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

    def _parse(self, data: bytes) -> None:
        """Take the frames out of what has arrived, and keep the rest for later."""
        at, size, prefix = 0, len(data), frames.LENGTHS.size
        self._needed = prefix
        while size - at >= prefix:
            header_size, body_size = frames.lengths(data, at, self._limits)
            start = at + prefix + header_size
            end = start + body_size
            if size < end:
                self._needed = end - at
                break
            header = frames.decode(data[at + prefix : start])
            body = data[start:end]
            at = end
            if type(header) is Log:
                self._log(header)
            elif self._route is not None:
                self._route(header, body)
                if self._failure is not None:
                    return
            else:
                self._frames.append(Frame(header, body))
        self._buffer[:] = data[at:]
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
