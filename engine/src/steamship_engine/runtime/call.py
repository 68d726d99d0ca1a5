"""One call on one worker: body out, reply in, within a deadline.

A caller who leaves does not end the worker, which keeps the instance's state: a body that is still being
sent is withdrawn, an answer that is still to come is read and dropped.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

from steamship_engine.model.errors import (
    InvalidRequestError,
    PackageReplyError,
    PackageTimeoutError,
    SteamshipError,
    UnavailableError,
)
from steamship_engine.runtime import frames
from steamship_engine.runtime.channel import ChannelClosed
from steamship_engine.runtime.frames import Replied, ReplyPart
from steamship_engine.runtime.port import Reply, ReplyError, Request
from steamship_engine.runtime.upload import Upload
from steamship_engine.runtime.worker import Worker

_background: set[asyncio.Task[None]] = set()


class Call:
    """`done` is told exactly once: when the worker is free for the next call, or of no use any more.

    The deadline counts the time in which the worker is waited for, not that in which the caller is.
    """

    def __init__(self, worker: Worker, request: Request, timeout: float, done: Callable[[], None]) -> None:
        worker.calls += 1
        self.id = worker.calls
        self._worker, self._request, self._timeout, self._done = worker, request, timeout, done
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._unsent = self._answered = self._finished = False
        self._received = 0
        worker.begin(request, self.finish)

    async def run(self, upload: Upload, first: bytes, more: bool) -> Reply:
        """Send the call, wait for its answer's first frame. Raises the errors of the port's `invoke`."""
        self._start_timer()
        try:
            self._worker.channel.expect_silence()
            await self._send(upload, first, more)
            header, body = await self._receive()
        except ChannelClosed:
            raise await self._crashed() from None
        except BaseException as error:
            self._break_off(error)
            raise
        if not isinstance(header, Replied):
            raise frames.wrong_frame("a body before its reply")
        headers = tuple((name.lower(), value) for name, value in header.headers)
        if not header.more:
            self.finish()
            return Reply(header.status, headers, _whole(body), _failure(header))
        self._stop_timer()
        return Reply(
            header.status,
            headers,
            _parts(self, body, _Stall(self, self._worker.limits.stall)),
            _failure(header),
        )

    async def part(self) -> tuple[bytes, bool]:
        """The next part of the reply's body, and whether another one follows. Raises like `run`."""
        self._start_timer()
        try:
            header, body = await self._receive()
        except ChannelClosed:
            raise await self._crashed() from None
        except BaseException as error:
            self._break_off(error)
            raise
        self._stop_timer()
        if not header.more:
            self.finish()
        return body, header.more

    def abandon(self) -> None:
        """Nobody wants the answer any more: read and drop what is still to come."""
        if not self._finished:
            _run(self._drain())

    def finish(self) -> None:
        """The call is over; safe to repeat."""
        if not self._finished:
            self._finished = True
            self._stop_timer()
            self._worker.end_call()
            self._done()

    async def _send(self, upload: Upload, part: bytes, more: bool) -> None:
        channel, request = self._worker.channel, self._request
        header = frames.Call(
            id=self.id,
            verb=request.verb,
            path=request.path,
            query=request.query,
            headers=request.headers,
            key=request.key,
            request_id=request.request_id,
            more=more,
        )
        self._unsent = more
        await channel.send(frames.encode(header, part))
        while more:
            self._stop_timer()
            part, more = await self._next_part(upload)
            self._start_timer()
            self._unsent = more
            await channel.send(frames.encode(frames.BodyPart(id=self.id, more=more), part))

    async def _next_part(self, upload: Upload) -> tuple[bytes, bool]:
        stall = self._worker.limits.stall
        try:
            async with asyncio.timeout(stall):
                return await upload.part()
        except TimeoutError:
            raise InvalidRequestError(
                f'The request\'s body stopped arriving for "{stall:g}" seconds.', suggestion="Send it again."
            ) from None

    async def _receive(self) -> tuple[Replied | ReplyPart, bytes]:
        """The next frame of this call's answer: its head first, then the parts of its body."""
        frame = await self._worker.channel.receive()
        header = frame.header
        wanted = ReplyPart if self._answered else Replied
        if not isinstance(header, Replied | ReplyPart) or type(header) is not wanted or header.id != self.id:
            raise frames.wrong_frame(f'"{type(header).__name__}" out of turn')
        self._answered = True
        self._received += len(frame.body)
        if self._received > self._worker.limits.reply:
            raise PackageReplyError(
                f'The reply has more than "{self._worker.limits.reply}" bytes.',
                suggestion="Answer with less, or store a file and answer with its address.",
            )
        return header, frame.body

    def _break_off(self, error: BaseException) -> None:
        """After `error`, leave a worker that is free again, or end it if the fault is its own."""
        if self._finished:
            return
        if self._unsent:
            # It has not begun before it has the whole body, so it can forget the call.
            self._worker.channel.post(frames.encode(frames.Withdraw(id=self.id)))
            self.finish()
        elif isinstance(error, Exception):
            self._worker.fail(error)
        else:
            self.abandon()

    async def _drain(self) -> None:
        more = True
        try:
            while more:
                self._start_timer()
                header, _ = await self._receive()
                self._stop_timer()
                more = header.more
        except ChannelClosed:
            await self._crashed()
        except SteamshipError as error:
            self._worker.fail(error)
        self.finish()

    async def _crashed(self) -> SteamshipError:
        error = await self._worker.crashed("in the middle of the call")
        self.finish()
        return error

    def _start_timer(self) -> None:
        if self._timer is None:
            self._timer = self._loop.call_later(self._timeout, self._expire)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _expire(self) -> None:
        self._worker.fail(
            PackageTimeoutError(
                f'The call took longer than "{self._timeout:g}" seconds and was stopped.',
                suggestion="Allow a longer timeout, or run it as a background task.",
            )
        )


class _Stall:
    """Takes a reply away from a caller who leaves it unread for `seconds`."""

    def __init__(self, call: Call, seconds: float) -> None:
        self._call, self._seconds = call, seconds
        self._lost = False
        self._timer = asyncio.get_running_loop().call_later(seconds, self._lose)

    def read(self) -> None:
        """The caller asks for more. Raises UnavailableError when it is too late."""
        self._timer.cancel()
        if self._lost:
            raise UnavailableError(
                f'The reply was not read for "{self._seconds:g}" seconds.',
                suggestion="Call again and read faster.",
            )

    def wait(self) -> None:
        """The caller has a part; its time for it begins."""
        self._timer = asyncio.get_running_loop().call_later(self._seconds, self._lose)

    def stop(self) -> None:
        """Nothing is to be read any more."""
        self._timer.cancel()

    def _lose(self) -> None:
        self._lost = True
        self._call.abandon()


async def _parts(call: Call, first: bytes, stall: _Stall) -> AsyncIterator[bytes]:
    """A reply's body. A caller who closes or forgets it gives the rest up."""
    try:
        stall.read()
        stall.wait()
        yield first
        more = True
        while more:
            stall.read()
            part, more = await call.part()
            stall.wait()
            yield part
    finally:
        stall.stop()
        call.abandon()


async def _whole(body: bytes) -> AsyncIterator[bytes]:
    if body:
        yield body


def _failure(header: Replied) -> ReplyError | None:
    error = header.error
    if error is None:
        return None
    return ReplyError(
        error.code, error.message, error.suggestion, error.details, error.deliberate, header.status
    )


def _run(work: Coroutine[Any, Any, None]) -> None:
    """Go on without anybody waiting."""
    task = asyncio.get_running_loop().create_task(work)
    _background.add(task)
    task.add_done_callback(_background.discard)
