"""Waiting for a task's end without holding a thread."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from steamship_engine.model.nouns import Task
from steamship_engine.store import tasks as store
from steamship_engine.store.database import Database

_LOOK_AGAIN_S = 1.0


class Waiting:
    """Who waits for which task. `notice` is a listener of `Changes`; the rest belongs to one event loop."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._bells: dict[str, set[asyncio.Event]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None

    def notice(self, noun: str, noun_id: str) -> None:
        """Wake those who wait for a task. May be called from any thread."""
        if noun == "task" and self._loop is not None:
            with suppress(RuntimeError):  # the event loop is closed: nobody waits any more
                self._loop.call_soon_threadsafe(self._ring, noun_id)

    async def wait(self, task_id: str, timeout_s: float) -> Task | None:
        """The task once it has ended, or as it is after `timeout_s`; None if it is not there.

        A task that ends in another process of the engine is seen within a second.
        """
        self._loop = asyncio.get_running_loop()
        until = self._loop.time() + timeout_s
        bell = asyncio.Event()
        self._bells.setdefault(task_id, set()).add(bell)
        try:
            while True:
                bell.clear()
                task = await asyncio.to_thread(self._find, task_id)
                left = until - self._loop.time()
                if task is None or task.state.finished or left <= 0:
                    return task
                with suppress(TimeoutError):
                    await asyncio.wait_for(bell.wait(), min(left, _LOOK_AGAIN_S))
        finally:
            self._bells[task_id].discard(bell)
            if not self._bells[task_id]:
                del self._bells[task_id]

    def _ring(self, task_id: str) -> None:
        for bell in self._bells.get(task_id, ()):
            bell.set()

    def _find(self, task_id: str) -> Task | None:
        with self._database.read() as connection:
            return store.find(connection, task_id)
