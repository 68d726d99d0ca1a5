"""A zygote that has the SDK already and waits to be told a version: most of what a deploy of the same environment takes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, NamedTuple

from steamship_engine.model.errors import UnavailableError
from steamship_engine.model.network import Network
from steamship_engine.model.states import VersionKind
from steamship_engine.runtime.port import VersionSpec
from steamship_engine.runtime.processes import ZygoteProcess

DELAY = 0.5
"""Seconds from a deploy to the start of the next one's zygote: the deploy itself, and its first call, go first."""

KEPT = 600.0
"""Seconds that one is kept: who deploys again does so within minutes."""


class _For(NamedTuple):
    """Versions that a process may be taken for: it was started in their environment, for their network and limits."""

    environment: str
    of_the_machine: bool
    limits: tuple[Any, ...]


class _HeadStart(NamedTuple):
    of: _For
    process: asyncio.Task[ZygoteProcess]


class HeadStarts:
    """One process at most, for the environment of the version that was deployed last.

    `start` starts one for a version like the one given, whose code it does not have yet. Raises UnavailableError.
    """

    def __init__(self, start: Callable[[VersionSpec], Coroutine[Any, Any, ZygoteProcess]]) -> None:
        self._start = start
        self._one: _HeadStart | None = None
        self._beginning: asyncio.TimerHandle | None = None
        self._expiry: asyncio.TimerHandle | None = None
        self._ending: set[asyncio.Task[None]] = set()

    async def take(self, version: VersionSpec) -> ZygoteProcess | None:
        """The process, which is the caller's to end then, if there is one for the version."""
        if self._one is None or self._one.of != _for(version):
            return None
        one, self._one = self._one, None
        try:
            process = await asyncio.shield(one.process)
        except UnavailableError:
            return None
        except asyncio.CancelledError:
            self._end(one)
            raise
        if process.alive:
            return process
        self._end(one)
        return None

    def prepare(self, version: VersionSpec) -> None:
        """Have one for the next version like this one; of an original nothing can be had before its bundle."""
        if version.kind is VersionKind.NATIVE and self._beginning is None:
            self._beginning = asyncio.get_running_loop().call_later(DELAY, self._begin, version)

    async def close(self) -> None:
        """End it."""
        if self._beginning is not None:
            self._beginning.cancel()
        self._drop()
        await asyncio.gather(*self._ending)

    def _begin(self, version: VersionSpec) -> None:
        self._beginning = None
        self._drop()
        loop = asyncio.get_running_loop()
        self._one = _HeadStart(_for(version), loop.create_task(self._start(version)))
        self._expiry = loop.call_later(KEPT, self._drop)

    def _drop(self) -> None:
        if self._expiry is not None:
            self._expiry.cancel()
        if self._one is not None:
            self._end(self._one)
            self._one = None

    def _end(self, one: _HeadStart) -> None:
        task = asyncio.get_running_loop().create_task(_ended(one.process))
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)


async def _ended(starting: asyncio.Task[ZygoteProcess]) -> None:
    try:
        process = await starting
    except UnavailableError:
        return  # the next deploy finds out why
    await process.ended()


def _for(version: VersionSpec) -> _For:
    limits = version.limits
    return _For(
        version.environment,
        version.network is Network.HOST,
        (limits.memory, limits.processes, limits.files, limits.scratch, limits.concurrency),
    )
