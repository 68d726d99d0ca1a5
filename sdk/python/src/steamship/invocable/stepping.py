"""Plain functions of an author on behalf of an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from contextvars import copy_context
from typing import Any

from steamship.invocable.streams import is_cancelled


async def step(pool: Executor | None, function: Callable[[], Any]) -> Any:
    """What the function returns, run in a thread of `pool`, without one in this thread.

    It runs to its end even if the task is cancelled meanwhile.
    """
    if pool is None:
        with _outside():
            return function()
    context = copy_context()
    running = asyncio.get_running_loop().run_in_executor(pool, context.run, function)
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError as error:
        if is_cancelled(error):
            await asyncio.wait([running])
        raise


@contextmanager
def _outside() -> Iterator[None]:
    """Let the code in the block be what it is without a loop, so that it may `asyncio.run` one of its own."""
    running = asyncio.get_running_loop()
    asyncio._set_running_loop(None)
    try:
        yield
    finally:
        asyncio._set_running_loop(running)
        asyncio.set_event_loop(running)
