"""How long an instance's methods took lately: what may be written ahead to its workers depends on it."""

from __future__ import annotations

from steamship_engine.runtime.port import Request

LONGEST_US = 10_000
"""No more than that is remembered of a call, so that one that took minutes is forgotten soon."""

_WEIGHT = 0.25
_REMEMBERED = 256


class Durations:
    """Microseconds by method. One call that took longer counts at once, shorter ones little by little."""

    def __init__(self) -> None:
        self._expected: dict[tuple[str, str], float] = {}

    def expected(self, request: Request) -> float:
        """How long the method will probably take; one that nobody has called yet may take long."""
        return self._expected.get((request.verb, request.path), LONGEST_US)

    def learn(self, request: Request, took_us: int) -> None:
        """A call of the method took so long."""
        route = request.verb, request.path
        took = min(took_us, LONGEST_US)
        before = self._expected.get(route)
        if before is None:
            if len(self._expected) >= _REMEMBERED:
                self._expected.clear()
            self._expected[route] = took
        elif took >= before:
            self._expected[route] = took
        else:
            self._expected[route] = before + (took - before) * _WEIGHT
