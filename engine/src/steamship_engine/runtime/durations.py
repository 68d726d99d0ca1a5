"""How long an instance's methods took lately: what may be written ahead to its workers depends on it."""

from __future__ import annotations

from steamship_engine.runtime.port import Request

LONGEST_US = 10_000
"""No more than that is remembered of a call, so that one that took minutes is forgotten soon."""

_WEIGHT = 0.25
_REMEMBERED, _LONGEST_PATH = 256, 200


class Durations:
    """Microseconds by method. One call that took longer counts at once, shorter ones little by little."""

    def __init__(self) -> None:
        self._expected: dict[tuple[str, str], float] = {}

    def expected(self, request: Request) -> float:
        """How long the method will probably take; one that nobody has called yet may take long."""
        return self._expected.get((request.verb, request.path), LONGEST_US)

    def learn(self, request: Request, took_us: int, *, failed: bool = False) -> None:
        """A call of the method took so long. One that `failed` may have been refused soon: that makes no method short."""
        route = request.verb, request.path
        took = min(took_us, LONGEST_US)
        before = self._expected.get(route)
        if before is not None and took < before:
            if not failed:
                self._expected[route] = before + (took - before) * _WEIGHT
        elif before is not None:
            self._expected[route] = took
        elif not failed and len(request.path) <= _LONGEST_PATH:
            if len(self._expected) >= _REMEMBERED:
                del self._expected[next(iter(self._expected))]
            self._expected[route] = took
