"""Which call waits for which: a call for those made in it, one in a line for those ahead of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Protocol


class Place(Protocol):
    """Where a call waits or runs: a pool's queue, or a worker."""

    def ahead(self, call: Node) -> Iterable[Node]:
        """The calls that must end, or some of which must, before this one goes on."""


class Node:
    """A call as `Chains` sees it; `Call` is one."""

    call_id: str
    outer: Node | None = None
    inside: set[Node] | None = None
    place: Place | None = None


class Chains:
    """The calls that have not ended. An id counts for nothing before it has entered and after it has left."""

    def __init__(self) -> None:
        self._calls: dict[str, Node] = {}

    def living(self, calls: Sequence[str]) -> tuple[str, ...]:
        """Those of the calls that have not ended, in the same order."""
        return tuple(call for call in calls if call in self._calls)

    def enter(self, call: Node, above: Sequence[str]) -> None:
        """A call begins that was made in the last of the living calls `above`, or in none."""
        self._calls[call.call_id] = call
        if above:
            outer = call.outer = self._calls[above[-1]]
            if outer.inside is None:
                outer.inside = set()
            outer.inside.add(call)

    def leave(self, call: Node) -> None:
        """The call has ended, whatever was made in it."""
        self._calls.pop(call.call_id, None)
        call.place = None
        if call.outer is not None and call.outer.inside is not None:
            call.outer.inside.discard(call)

    def around(self, call: Node) -> tuple[str, ...]:
        """The living calls that the call was made in, outermost first, and the call itself."""
        chain: list[str] = []
        outer: Node | None = call
        while outer is not None and outer.call_id in self._calls:
            chain.append(outer.call_id)
            outer = outer.outer
        return tuple(reversed(chain))

    def waits_for(self, calls: Iterable[Node], awaited: Collection[str]) -> bool:
        """Whether one of the calls is one of the `awaited`, or waits for one, however indirectly."""
        if not awaited:
            return False
        seen: set[Node] = set()
        ahead = list(calls)
        while ahead:
            call = ahead.pop()
            if call.call_id in awaited:
                return True
            if call in seen:
                continue
            seen.add(call)
            if call.inside:
                ahead.extend(call.inside)
            if call.place is not None:
                ahead.extend(call.place.ahead(call))
        return False
