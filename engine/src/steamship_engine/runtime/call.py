"""One call, from its arrival to the end of its reply. It is the future of its reply."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from steamship_engine.model.errors import PackageReplyError, UnavailableError
from steamship_engine.runtime import frames
from steamship_engine.runtime.chains import Node, Place
from steamship_engine.runtime.frames import Replied, ReplyPart
from steamship_engine.runtime.port import InstanceSpec, Reply, ReplyError, Request

if TYPE_CHECKING:
    from steamship_engine.runtime.pool import Pool
    from steamship_engine.runtime.worker import Worker

UNREAD_PARTS = 2
"""Parts of a reply that a worker may send before the first of them was taken."""


class Call(Node, asyncio.Future[Reply]):
    """A call that waits in its pool, then runs on a worker, then ends: told once to both.

    Whoever cancels it, has left: a worker that has it already is told so. `small` calls may be written ahead
    of their turn. `number` is the worker's for it. The deadline counts the time in which the worker is
    waited for, not that in which the caller is. `sent` is there for a call whose body is not complete, and done
    when it is on a worker, or has failed.
    """

    # There is one for every call: a dictionary would cost more than all else of it.
    __slots__ = (
        *("call_id", "outer", "inside", "place"),
        *("pool", "spec", "request", "body", "more", "small", "since", "timeout", "sent"),
        *("above", "worker", "number", "attempts", "expected_us", "abandoned", "deadline", "left"),
        *("_answered", "_received", "_dropped", "_parts"),
    )

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        pool: Pool,
        spec: InstanceSpec,
        request: Request,
        body: bytes,
        *,
        more: bool,
        timeout: float,
    ) -> None:
        super().__init__(loop=loop)
        self.call_id = request.call
        self.outer: Node | None = None
        self.inside: set[Node] | None = None
        self.place: Place | None = None
        self.pool, self.spec, self.request, self.body, self.more = pool, spec, request, body, more
        self.small = not more and len(body) <= pool.limits.small
        self.since = loop.time()
        self.left = self.timeout = timeout
        self.sent: asyncio.Future[None] | None = loop.create_future() if more else None
        self.above: tuple[str, ...] = ()
        self.worker: Worker | None = None
        self.number = self.attempts = 0
        self.expected_us = 0.0
        self.deadline: float | None = None
        self.abandoned = self._answered = False
        self._received = self._dropped = 0
        self._parts: Parts | None = None

    def cancel(self, msg: Any = None) -> bool:
        """The caller has left."""
        if self.done():
            return False
        cancelled = super().cancel(msg)
        self.abandon()
        return cancelled

    def abandon(self) -> None:
        """Nobody wants the answer, or the rest of it, any more."""
        if not self.abandoned:
            self.abandoned = True
            self.pool.withdraw(self)
            if self._parts is not None:
                # What is left of its time is what the worker has to stop.
                self.resume()

    def run(self, now: float) -> None:
        """The worker is waited for."""
        self.deadline = now + self.left

    def resume(self) -> None:
        """The worker is waited for again."""
        self.run(self.get_loop().time())
        if self.worker is not None:
            self.worker.watch(self)

    def take(self) -> None:
        """A part of the reply was read; another one may come."""
        if self.worker is not None:
            self.worker.post(frames.Take(id=self.number))

    def rest(self, now: float) -> None:
        """The caller is waited for, unless it has left."""
        if self.deadline is not None and not self.abandoned:
            self.left, self.deadline = self.deadline - now, None

    def replied(self, header: Replied, body: bytes) -> None:
        """The first frame of the answer. Raises PackageReplyError for a second one."""
        if self._answered:
            raise frames.wrong_frame("a second reply to one call")
        self._answered = True
        self._received = len(body)
        if self.abandoned:
            self._dropped = 1
        elif self._received > self.spec.version.limits.reply_size:
            self._refuse_size(more=header.more)
        else:
            error = None if header.error is None else failure(header)
            if header.more:
                self._parts = Parts(self, body)
                self.rest(self.get_loop().time())
                self.set_result(Reply(header.status, header.headers, self._parts, error))
            else:
                self.set_result(Reply(header.status, header.headers, Whole((body,)), error, body))

    def part(self, header: ReplyPart, body: bytes) -> None:
        """Another part of the answer. Raises PackageReplyError for one that was not to come."""
        parts = self._parts
        if not self._answered or (parts is not None and parts.crowded):
            raise frames.wrong_frame("a body out of turn")
        if parts is None or self.abandoned:
            self._dropped += 1
            if self._dropped > UNREAD_PARTS:
                raise frames.wrong_frame("a body that nobody asked for")
            return
        self._received += len(body)
        if self._received > self.spec.version.limits.reply_size:
            self._refuse_size(more=header.more)
        else:
            parts.arrived(body, more=header.more)

    def fail(self, error: Exception) -> None:
        """There is no answer, or no more of it."""
        if self.sent is not None and not self.sent.done():
            self.sent.set_result(None)
        if self._parts is not None:
            self._parts.fail(error)
        elif not self.done():
            self.set_exception(error)

    def _refuse_size(self, *, more: bool) -> None:
        self.fail(
            PackageReplyError(
                f'The reply has more than "{self.spec.version.limits.reply_size}" bytes.',
                suggestion="Answer with less, or store a file and answer with its address.",
            )
        )
        if more:
            self.abandon()


class Parts:
    """A reply's body, read once. A caller who closes it, or leaves it unread for too long, gives the rest up."""

    def __init__(self, call: Call, first: bytes) -> None:
        self._call = call
        self._loop = call.get_loop()
        self._waiting: asyncio.Future[None] | None = None
        self._parts: deque[bytes] = deque((first,))
        self._ended = False
        self._error: Exception | None = None
        self._stall = call.pool.limits.stall
        self._timer: asyncio.TimerHandle | None = self._loop.call_later(self._stall, self._lose)

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        """The next part. Raises UnavailableError when the reply was taken away."""
        self._stop_timer()
        try:
            while not self._parts:
                if self._error is not None:
                    raise self._error
                if self._ended:
                    raise StopAsyncIteration
                self._waiting = self._loop.create_future()
                self._call.resume()
                await self._waiting
        except asyncio.CancelledError:
            self._call.abandon()
            raise
        finally:
            self._call.rest(self._loop.time())
        part = self._parts.popleft()
        if not self._ended:
            self._call.take()
            self._timer = self._loop.call_later(self._stall, self._lose)
        return part

    async def aclose(self) -> None:
        """Give the rest up."""
        self._stop_timer()
        if not self._ended and self._error is None:
            self._call.abandon()

    @property
    def crowded(self) -> bool:
        """Whether the worker may send no part now."""
        return self._ended or len(self._parts) >= UNREAD_PARTS

    def arrived(self, part: bytes, *, more: bool) -> None:
        """A part is there."""
        self._parts.append(part)
        self._ended = not more
        self._wake()

    def fail(self, error: Exception) -> None:
        """No more parts will come."""
        if not self._ended and self._error is None:
            self._error = error
            self._wake()

    def _lose(self) -> None:
        self._parts.clear()
        self.fail(
            UnavailableError(
                f'The reply was not read for "{self._stall:g}" seconds.',
                suggestion="Call again and read faster.",
            )
        )
        self._call.abandon()

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class Whole(list[bytes]):
    """A body that is all there, in a list; read once. Cheaper to make than a generator: mostly nobody reads it."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        """All of it, unless there is nothing."""
        if self and (body := self.pop()):
            return body
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """Give it up."""
        self.clear()


def failure(header: Replied) -> ReplyError | None:
    """Why a reply is none."""
    error = header.error
    if error is None:
        return None
    return ReplyError(
        error.code, error.message, error.suggestion, error.details, error.deliberate, header.status
    )
