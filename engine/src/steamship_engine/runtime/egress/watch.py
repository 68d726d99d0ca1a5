"""Ends what nobody uses any more."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Watch:
    """Calls `ended` once nothing has moved for so many seconds; one timer, however much moves."""

    def __init__(self, idle_s: float, ended: Callable[[], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._idle_s, self._ended = idle_s, ended
        self._last = self._loop.time()
        self._timer = self._loop.call_later(idle_s, self._look)

    def moved(self, _sent: int, _received: int) -> None:
        """Something has moved."""
        self._last = self._loop.time()

    def stop(self) -> None:
        """Look no more."""
        self._timer.cancel()

    def _look(self) -> None:
        left = self._last + self._idle_s - self._loop.time()
        if left > 0:
            self._timer = self._loop.call_later(left, self._look)
        else:
            self._ended()
