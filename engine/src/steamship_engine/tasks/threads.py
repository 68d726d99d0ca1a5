"""Blocking work beside the event loop, in threads that never keep a stopped engine alive."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

Result = TypeVar("Result")


async def in_thread(work: Callable[[], Result], name: str) -> Result:
    """What `work` returns or raises, from a daemon thread of its own.

    Pools are joined when the interpreter ends, so one stuck operation would hold up the engine's stop.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Result] = loop.create_future()

    def settle(result: Result | None, problem: BaseException | None) -> None:
        if future.done():
            return
        if problem is None:
            future.set_result(result)  # type: ignore[arg-type]  # None is a Result where there is no problem
        else:
            future.set_exception(problem)

    def run() -> None:
        result: Result | None = None
        problem: BaseException | None = None
        try:
            result = work()
        except Exception as raised:
            problem = raised
        # A closed loop has nobody left who waits.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(settle, result, problem)

    threading.Thread(target=run, name=name, daemon=True).start()
    return await future
