"""Which call waits for which: a call for those made in it, a queued one for the one before it in its line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

Line = list[str]
"""The ids of the calls that one worker has to answer: the one that runs, then those that wait."""


@dataclass(slots=True)
class _Living:
    above: str | None
    inside: set[str] = field(default_factory=set)
    line: Line | None = None


class Chains:
    """The calls that have not ended. An id counts for nothing before it has entered and after it has left."""

    def __init__(self) -> None:
        self._calls: dict[str, _Living] = {}

    def living(self, calls: Sequence[str]) -> tuple[str, ...]:
        """Those of the calls that have not ended, in the same order."""
        return tuple(call for call in calls if call in self._calls)

    def enter(self, call: str, above: Sequence[str]) -> None:
        """A call begins that was made in the last of the living calls `above`, or in none."""
        outer = above[-1] if above else None
        self._calls[call] = _Living(outer)
        if outer is not None:
            self._calls[outer].inside.add(call)

    def leave(self, call: str) -> None:
        """The call has ended, whatever was made in it."""
        left = self._calls.pop(call)
        outer = None if left.above is None else self._calls.get(left.above)
        if outer is not None:
            outer.inside.discard(call)

    def queue(self, call: str, line: Line) -> None:
        """The call takes the last place in a line."""
        line.append(call)
        self._calls[call].line = line

    def step_out(self, call: str, line: Line) -> None:
        """The call leaves its line, served or not."""
        line.remove(call)
        self._calls[call].line = None

    def around(self, call: str) -> tuple[str, ...]:
        """The living calls that the call was made in, outermost first, and the call itself."""
        chain: list[str] = []
        outer: str | None = call
        while outer is not None and (known := self._calls.get(outer)) is not None:
            chain.append(outer)
            outer = known.above
        return tuple(reversed(chain))

    def would_wait_for(self, calls: Sequence[str], line: Line) -> bool:
        """Whether a call that queues in `line` now waits for one of `calls`, however indirectly."""
        if not calls or not line:
            return False
        seen: set[str] = set()
        ahead = [line[-1]]
        while ahead:
            call = ahead.pop()
            if call in calls:
                return True
            if call in seen:
                continue
            seen.add(call)
            known = self._calls.get(call)
            if known is None:
                continue
            ahead.extend(known.inside)
            if known.line is not None and (place := known.line.index(call)) > 0:
                ahead.append(known.line[place - 1])
        return False
