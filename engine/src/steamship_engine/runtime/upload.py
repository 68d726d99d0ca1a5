"""A call's body, cut into parts that fit a frame."""

from __future__ import annotations

from collections.abc import AsyncIterator


class Upload:
    """Reads the caller's body no further ahead than one part and the chunk that follows it."""

    def __init__(self, body: AsyncIterator[bytes], part_size: int) -> None:
        self._body = body
        self._size = part_size
        self._held = bytearray()
        self._ended = False

    async def part(self) -> tuple[bytes, bool]:
        """The next part, and whether another one follows. Raises what reading from the caller raises."""
        while len(self._held) <= self._size and not self._ended:
            try:
                self._held += await anext(self._body)
            except StopAsyncIteration:
                self._ended = True
        part = bytes(self._held[: self._size])
        del self._held[: self._size]
        return part, bool(self._held) or not self._ended
