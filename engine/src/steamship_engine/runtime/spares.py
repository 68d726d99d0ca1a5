"""A worker that waits ready beside each zygote that was asked lately: most of what a wake takes is done before it."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Hashable
from functools import partial
from typing import Any, Generic, TypeVar

from steamship_engine.model.errors import UnavailableError
from steamship_engine.runtime.processes import WorkerProcess

DELAY = 0.01
"""Seconds from the taking of one to the birth of the next: the worker that was taken goes first."""

Z = TypeVar("Z", bound=Hashable)


class Spares(Generic[Z]):
    """At most `most` of them, one a zygote. A spare knows nothing of any instance, so whoever asks may have it.

    `bear` makes a worker of a zygote's; it raises UnavailableError.
    """

    def __init__(self, most: int, bear: Callable[[Z], Coroutine[Any, Any, WorkerProcess]]) -> None:
        self._most, self._bear = most, bear
        self._ready: OrderedDict[Z, WorkerProcess] = OrderedDict()
        self._timers: dict[Z, asyncio.TimerHandle] = {}
        self._coming: dict[Z, asyncio.Task[None]] = {}
        self._promised: set[asyncio.Task[None]] = set()
        self._ending: set[asyncio.Task[None]] = set()

    async def take(self, zygote: Z) -> WorkerProcess | None:
        """The zygote's spare, which is the caller's to end then; None where there is none.

        One that is on its way is waited for by the first who asks: it is there before one that is ordered now.
        """
        coming = self._coming.get(zygote)
        if coming is not None and coming not in self._promised:
            self._promised.add(coming)
            try:
                await asyncio.wait([coming])
            finally:
                self._promised.discard(coming)
        worker = self._ready.pop(zygote, None)
        return worker if worker is not None and worker.alive else None

    def prepare(self, zygote: Z) -> None:
        """Have a spare of the zygote's in a moment, if there is none."""
        if (
            self._most
            and zygote not in self._timers
            and zygote not in self._coming
            and zygote not in self._ready
        ):
            loop = asyncio.get_running_loop()
            self._timers[zygote] = loop.call_later(DELAY, self._begin, zygote)

    def drop(self, zygote: Z) -> None:
        """No spare of this zygote is needed any more."""
        timer, coming = self._timers.pop(zygote, None), self._coming.pop(zygote, None)
        if timer is not None:
            timer.cancel()
        if coming is not None:
            coming.cancel()
        worker = self._ready.pop(zygote, None)
        if worker is not None:
            self._end(worker)

    async def close(self) -> None:
        """End them all."""
        coming = list(self._coming.values())
        for zygote in {*self._timers, *self._coming, *self._ready}:
            self.drop(zygote)
        await asyncio.gather(*coming, return_exceptions=True)
        await asyncio.gather(*self._ending)

    def _begin(self, zygote: Z) -> None:
        del self._timers[zygote]
        self._coming[zygote] = asyncio.get_running_loop().create_task(self._make(zygote))

    async def _make(self, zygote: Z) -> None:
        try:
            worker = await self._bear(zygote)
        except UnavailableError:
            # Who asks next finds out why.
            return
        finally:
            self._coming.pop(zygote, None)
        self._ready[zygote] = worker
        worker.on_exit(partial(self._ended, zygote, worker))
        if len(self._ready) > self._most:
            self._end(self._ready.popitem(last=False)[1])

    def _ended(self, zygote: Z, worker: WorkerProcess) -> None:
        if self._ready.get(zygote) is worker:
            del self._ready[zygote]
            self._end(worker)

    def _end(self, worker: WorkerProcess) -> None:
        task = asyncio.get_running_loop().create_task(worker.ended())
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)
