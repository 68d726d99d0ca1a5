"""How many may be in at once."""

from __future__ import annotations


class Seats:
    """At most `most` are taken."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.taken = 0

    def take(self) -> bool:
        """Take one; False where none is free."""
        if self.taken >= self._most:
            return False
        self.taken += 1
        return True

    def give(self) -> None:
        """One is free again."""
        self.taken -= 1
