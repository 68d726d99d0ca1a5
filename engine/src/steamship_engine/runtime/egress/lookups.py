"""Threads in which names are looked up, and who has them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import TypeVar

_THREADS = 16
_KEPT = 4
"""So many of them are for askers that have none: the others cannot take them all."""

Found = TypeVar("Found")


class Asker:
    """Who has names looked up, at most `most` at once."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.held = 0


class Lookups:
    """Runs lookups. A thread counts as taken until it has ended, which may be long after nobody waits for it any more."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_THREADS, "resolving")
        self._taken = 0
        self._waiting: list[asyncio.Future[None]] = []

    async def run(self, asker: Asker, look: Callable[[], Found]) -> Found:
        """What `look`, which blocks, gives, as soon as there is a thread for the asker. Who cancels this waits no longer."""
        loop = asyncio.get_running_loop()
        while not self._may(asker):
            waiting = loop.create_future()
            self._waiting.append(waiting)
            await waiting
        looking = self._threads.submit(look)
        asker.held += 1
        self._taken += 1
        looking.add_done_callback(partial(self._ended, loop, asker))
        return await asyncio.wrap_future(looking)

    def close(self) -> None:
        """Run nothing more; what runs is not waited for."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _may(self, asker: Asker) -> bool:
        return asker.held < asker.most and self._taken < _THREADS - (_KEPT if asker.held else 0)

    def _ended(self, loop: asyncio.AbstractEventLoop, asker: Asker, _: Future[Found]) -> None:
        # The loop may be gone by now.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(self._give, asker)

    def _give(self, asker: Asker) -> None:
        asker.held -= 1
        self._taken -= 1
        waiting, self._waiting = self._waiting, []
        for each in waiting:
            if not each.done():
                each.set_result(None)
