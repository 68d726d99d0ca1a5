"""A zygote that has the SDK already and waits to be told a version: most of what a deploy of the same environment takes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, NamedTuple

from steamship_engine.model.errors import UnavailableError
from steamship_engine.model.states import VersionKind
from steamship_engine.runtime.port import VersionSpec
from steamship_engine.runtime.processes import ZygoteProcess

DELAY = 1.0
"""Seconds from a deploy to the start of the next one's zygote: the deploy itself goes first."""


class _For(NamedTuple):
    """Versions that a process may be taken for: it was started in their environment, and for their limits."""

    environment: str
    limits: tuple[Any, ...]


class HeadStarts:
    """One process at most, for the environment in which a version was imported last. `start` starts one for a version."""

    def __init__(self, start: Callable[[VersionSpec], Coroutine[Any, Any, ZygoteProcess]]) -> None:
        self._start = start
        self._ready: tuple[_For, ZygoteProcess] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._starting: asyncio.Task[None] | None = None
        self._ending: set[asyncio.Task[None]] = set()

    def take(self, version: VersionSpec) -> ZygoteProcess | None:
        """The process, which is the caller's to end then, if it is one for the version."""
        if self._ready is None or self._ready[0] != _for(version):
            return None
        process, self._ready = self._ready[1], None
        return process if process.alive else None

    def prepare(self, version: VersionSpec) -> None:
        """Have one for the next version like this one; of an original nothing can be had before its bundle."""
        if version.kind is VersionKind.NATIVE and self._timer is None and self._starting is None:
            if self._ready is not None and self._ready[0] == _for(version) and self._ready[1].alive:
                return
            self._timer = asyncio.get_running_loop().call_later(DELAY, self._begin, version)

    async def close(self) -> None:
        """End it."""
        if self._timer is not None:
            self._timer.cancel()
        if self._starting is not None:
            self._starting.cancel()
            await asyncio.gather(self._starting, return_exceptions=True)
        self._drop()
        await asyncio.gather(*self._ending)

    def _begin(self, version: VersionSpec) -> None:
        self._timer = None
        self._starting = asyncio.get_running_loop().create_task(self._make(version))

    async def _make(self, version: VersionSpec) -> None:
        try:
            process = await self._start(version)
        except UnavailableError:
            return  # the next deploy finds out why
        finally:
            self._starting = None
        self._drop()
        self._ready = _for(version), process

    def _drop(self) -> None:
        if self._ready is not None:
            task = asyncio.get_running_loop().create_task(self._ready[1].ended())
            self._ready = None
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)


def _for(version: VersionSpec) -> _For:
    limits = version.limits
    return _For(
        version.environment,
        (limits.memory, limits.processes, limits.files, limits.scratch, limits.concurrency),
    )
