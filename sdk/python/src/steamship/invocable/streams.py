"""Answers that are made while they are sent: each step of a generator in the context of its call."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextvars import Context, copy_context
from typing import Any

from steamship.invocable.framing import Framing

END = object()

# What is not prompt is held back until there is so much of it, or the next item comes so long after the last part.
_HELD_BYTES = 32 * 1024
_HELD_S = 0.02

Told = Callable[[BaseException], tuple[dict[str, Any], str]]
"""What an exception comes to: the `status` of a failed answer for anybody, and the text for the log."""


class StreamError(Exception):
    """A stream ended early. `details` is for the log; `complete` says that the stream itself tells of it."""

    def __init__(self, details: str, *, complete: bool) -> None:
        super().__init__(details)
        self.details, self.complete = details, complete


class Items:
    """The items of an iterator; `close` ends it once, also one that has not begun."""

    def __init__(self, iterator: Iterator[Any]) -> None:
        self._iterator, self._context = iterator, copy_context()

    def next(self) -> Any:
        """The next item, or END."""
        return self._context.run(next, self._iterator, END)

    def close(self) -> None:
        """Run what the iterator runs at its end."""
        close = getattr(self._iterator, "close", None)
        if close is not None:
            self._context.run(close)


class AwaitedItems:
    """The items of an async iterator, where no loop runs: `run` waits for each, in the context it is given."""

    def __init__(self, iterator: AsyncIterator[Any], run: Callable[[Awaitable[Any], Context], Any]) -> None:
        self._items, self._run, self._context = AsyncItems(iterator), run, copy_context()

    def next(self) -> Any:
        """The next item, or END."""
        return self._run(self._items.next(), self._context)

    def close(self) -> None:
        """Run what the iterator runs at its end."""
        self._run(self._items.close(), self._context)


class AsyncItems:
    """The items of an async iterator, in its task's context."""

    def __init__(self, iterator: AsyncIterator[Any]) -> None:
        self._iterator = iterator

    async def next(self) -> Any:
        """The next item, or END."""
        return await anext(self._iterator, END)

    async def close(self) -> None:
        """Run what the iterator runs at its end."""
        close = getattr(self._iterator, "aclose", None)
        if close is not None:
            await close()


class SteppedItems:
    """The items of an iterator, on an event loop: `step` runs each plain function."""

    def __init__(self, iterator: Iterator[Any], step: Callable[[Callable[[], Any]], Awaitable[Any]]) -> None:
        self._items, self._step = Items(iterator), step

    async def next(self) -> Any:
        """The next item, or END."""
        return await self._step(self._items.next)

    async def close(self) -> None:
        """Run what the iterator runs at its end."""
        await self._step(self._items.close)


class _Writing:
    """How far a stream is."""

    def __init__(self, framing: Framing, first: Any, told: Told) -> None:
        self._framing, self._told = framing, told
        self._over = False
        self._failure: StreamError | None = None
        self._part: list[bytes] = []
        self._size, self._due = 0, 0.0
        self._first: bytes | None = self._written(first)

    def _written(self, item: Any) -> bytes:
        if item is not END:
            return self._framing.item(item)
        self._over = True
        return self._framing.end()

    def _begin(self) -> bytes | None:
        """The first item, once; then what comes goes into a new part."""
        first, self._first = self._first, None
        self._part = []
        self._due = time.monotonic() + _HELD_S
        return first

    def _add(self, item: Any) -> bytes | None:
        """What is to be sent now."""
        written = self._written(item)
        if self._framing.is_prompt:
            return written
        self._part.append(written)
        self._size += len(written)
        if not self._over and self._size < _HELD_BYTES and time.monotonic() < self._due:
            return None
        self._size = 0
        return b"".join(self._part)

    def _failed(self, error: BaseException) -> bytes:
        """What the stream can still tell. Raises StreamError if that is nothing."""
        self._over = True
        status, details = self._told(error)
        last = self._framing.failed(status)
        self._failure = StreamError(details, complete=last is not None)
        if last is None:
            raise self._failure from None
        return last

    def _end(self, stop: type[Exception]) -> Exception:
        failure, self._failure = self._failure, None
        return failure or stop()


class Parts(_Writing):
    """The parts of an answer as bytes. `first` is its first item; what that cannot be is raised here."""

    def __init__(self, items: Items | AwaitedItems, framing: Framing, first: Any, told: Told) -> None:
        super().__init__(framing, first, told)
        self._items = items

    def __iter__(self) -> Parts:
        return self

    def __next__(self) -> bytes:
        first = self._begin()
        if first is not None:
            return first
        if not self._over:
            part = self._next_part()
            if part or not self._over:
                return part
        raise self._end(StopIteration)

    def _next_part(self) -> bytes:
        try:
            while (part := self._add(self._items.next())) is None:
                pass
            return part
        except BaseException as error:
            return self._failed(error)

    def close(self) -> None:
        """End the generator. Raises what it raises at its end."""
        self._items.close()


class AsyncParts(_Writing):
    """`Parts` for an event loop."""

    def __init__(self, items: AsyncItems | SteppedItems, framing: Framing, first: Any, told: Told) -> None:
        super().__init__(framing, first, told)
        self._items = items

    def __aiter__(self) -> AsyncParts:
        return self

    async def __anext__(self) -> bytes:
        first = self._begin()
        if first is not None:
            return first
        if not self._over:
            part = await self._next_part()
            if part or not self._over:
                return part
        raise self._end(StopAsyncIteration)

    async def _next_part(self) -> bytes:
        try:
            while (part := self._add(await self._items.next())) is None:
                pass
            return part
        except BaseException as error:
            if is_cancelled(error):
                raise
            return self._failed(error)

    async def aclose(self) -> None:
        """End the generator. Raises what it raises at its end."""
        await self._items.close()


def is_cancelled(error: BaseException) -> bool:
    """Whether the current task was told to end, and the error is that."""
    import asyncio

    if not isinstance(error, asyncio.CancelledError):
        return False
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
