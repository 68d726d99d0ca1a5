"""How many may be in at once."""

from __future__ import annotations

from collections import Counter


class Seats:
    """At most `most` are taken, by holders who are told apart.

    When half of them are taken, the half is shared out: who holds as much of it as the others could have gets no more. So
    a few holders, however much they ask for, leave something to those who have nothing yet.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._held: Counter[object] = Counter()
        self.taken = 0

    def take(self, holder: object) -> bool:
        """Take one; False where none is free for the holder."""
        if self.taken >= self._most:
            return False
        held = self._held.get(holder, 0)
        if held and 2 * self.taken >= self._most and held >= self._most // 2 // len(self._held):
            return False
        self._held[holder] = held + 1
        self.taken += 1
        return True

    def give(self, holder: object) -> None:
        """One of the holder's is free again."""
        self.taken -= 1
        self._held[holder] -= 1
        if not self._held[holder]:
            del self._held[holder]
