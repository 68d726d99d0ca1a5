"""How fast one worker's messages are read: who cuts them into crumbs waits for it, and nobody else does."""

from __future__ import annotations

import asyncio
from typing import Any

import h11

_PAUSE_S = 0.01
_CRUMBS = 32
"""So many parts without content are read at once; then the worker waits until they are paid for, each with its share of the pause."""
_FULL = 2_048
"""Bytes of content with which a part costs nothing but its bytes."""
_FIELDS = 8
"""So many fields of a head cost as much as a crumb."""
_UNBROKEN = 16
"""After so many parts everything else in the engine has its turn, whatever they cost."""


class Pace:
    """All connections of one worker share it, so many of them read no faster than one."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._paid_at = 0.0
        self._unbroken = 0
        self._line = asyncio.Lock()

    async def turn(self) -> None:
        """Wait until a further part may be read."""
        if self._owes():
            async with self._line:
                # Whoever stood before in the line has waited for all.
                if self._owes():
                    self._unbroken = 0
                    await asyncio.sleep(self._paid_at - self._loop.time())
        elif self._unbroken >= _UNBROKEN:
            self._unbroken = 0
            await asyncio.sleep(0)

    def read(self, event: Any) -> None:
        """The part was read."""
        self._unbroken += 1
        if isinstance(event, h11.Data):
            cost = max(0.0, 1 - len(event.data) / _FULL)
        else:
            cost = len(getattr(event, "headers", ())) / _FIELDS
        if cost:
            self._paid_at = max(self._paid_at, self._loop.time()) + cost * _PAUSE_S / _CRUMBS

    def _owes(self) -> bool:
        return self._paid_at - self._loop.time() > _PAUSE_S
