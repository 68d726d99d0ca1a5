"""Whose turn it is to make an environment: few at once, one build a user, and nobody waits without end."""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from steamship_engine.model.errors import BusyError

_POLL = 0.05
_RETRY = 60


class Places:
    """So many at once; a place is waited for `within_s` seconds at most. `doing` says for what, in a word."""

    def __init__(self, places: int, within_s: float, doing: str) -> None:
        self._free = asyncio.Semaphore(places)
        self._places, self._within_s, self._doing = places, within_s, doing

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """One of them, for as long as the block runs. Raises BusyError where none gets free in time."""
        try:
            async with asyncio.timeout(self._within_s):
                await self._free.acquire()
        except TimeoutError:
            raise BusyError(
                f'The engine is {self._doing} "{self._places}" environments, as many as it does at once, and none was '
                f'done within "{self._within_s:g}" seconds.',
                suggestion="Deploy again in some minutes.",
                retry_after_s=_RETRY,
            ) from None
        try:
            yield
        finally:
            self._free.release()


class OneEach:
    """The environment that each user has built just now: one at most."""

    def __init__(self) -> None:
        self._digests: dict[str, str] = {}

    def refuse_again(self, user_id: str | None, digest: str) -> None:
        """Raises BusyError where the user has that very environment built."""
        if user_id is not None and self._digests.get(user_id) == digest:
            raise _second()

    @contextmanager
    def build(self, user_id: str | None, digest: str) -> Iterator[None]:
        """The block builds for the user; None is anybody. Raises BusyError where another one does."""
        if user_id is None:
            yield
            return
        if user_id in self._digests:
            raise _second()
        self._digests[user_id] = digest
        try:
            yield
        finally:
            del self._digests[user_id]


@asynccontextmanager
async def locked(path: Path, within_s: float, check: Callable[[], None]) -> AsyncIterator[None]:
    """Hold the lock file, against other tasks and other processes; it is gone afterwards.

    Raises BusyError after `within_s` seconds, and what `check` does, which is asked while others hold it.
    """
    lock = await _taken(path, within_s, check)
    try:
        yield
    finally:
        _give_back(path, lock)


def _give_back(path: Path, lock: int) -> None:
    # Still held: whoever has opened this one meanwhile sees that it is no longer there, and opens the next.
    path.unlink(missing_ok=True)
    os.close(lock)


async def _taken(path: Path, within_s: float, check: Callable[[], None]) -> int:
    """Polled, so that waiting can be cancelled."""
    now = asyncio.get_running_loop().time
    ends = now() + within_s
    while True:
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
        else:
            if os.fstat(lock).st_nlink:
                return lock
            os.close(lock)
        if now() >= ends:
            raise BusyError(
                f'The environment "{path.name}" is being made for another deploy, which was not done within '
                f'"{within_s:g}" seconds.',
                suggestion="Deploy again in some minutes.",
                retry_after_s=_RETRY,
            )
        check()
        await asyncio.sleep(_POLL)


def _second() -> BusyError:
    return BusyError(
        'The requirements have source distributions, and you have "1" deploy that builds some, as many as a user may.',
        suggestion="Wait for that deploy's end, and deploy again.",
        retry_after_s=_RETRY,
    )
