"""Looking for inputs with which a target fails, for a number of seconds.

Half of the time goes to examples that follow the target's grammar, half to quick changes of the kept inputs and
of those that reached new lines.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.fuzzing import corpus
from tests.fuzzing.inputs import any_of
from tests.fuzzing.mutations import mutated, smallest
from tests.fuzzing.target import Target
from tests.fuzzing.watch import Arc, check_memory, ending, reached

_EXAMPLES = 100
_MEASURED = 16
_LONGEST = 64 * 1024


@dataclass
class Campaign:
    """What is known so far. `failed` is an input that fails, `error` how; `found` reached new lines.

    `note` is told every input before it is examined.
    """

    target: Target
    note: Callable[[bytes], object]
    arcs: set[Arc] = field(default_factory=set)
    found: list[bytes] = field(default_factory=list)
    examined: int = 0
    failed: bytes | None = None
    error: Exception | None = None

    def run(self, seconds: float, first_seed: int) -> None:
        """Examine inputs until one fails or the time is over; then make that one small."""
        end = time.monotonic() + seconds
        kept = corpus.contents(self.target.name)
        for content in kept:
            self._examine(content)
        self.found.clear()
        number = first_seed
        while time.monotonic() < end and self.error is None:
            number += 1
            began = time.monotonic()
            self._follow_the_grammar(number, end)
            self._mutate(Random(number), kept, min(end, 2 * time.monotonic() - began))
        if self.failed is not None:
            self.failed = smallest(self.failed, self._fails_likewise)

    def _follow_the_grammar(self, number: int, end: float) -> None:
        @seed(number)
        @settings(
            max_examples=_EXAMPLES,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(any_of(self.target.inputs, []))
        def examine(content: bytes) -> None:
            if self.error is None and time.monotonic() < end:
                self._examine(content)

        examine()

    def _mutate(self, random: Random, kept: list[bytes], end: float) -> None:
        seeds = [content for content in (*kept, *self.found) if len(content) <= _LONGEST]
        while seeds and self.error is None and time.monotonic() < end:
            self._examine(mutated(random, random.choice(seeds), seeds)[:_LONGEST])

    def _examine(self, content: bytes) -> None:
        self.examined += 1
        self.note(content)
        try:
            arcs = self._check(content)
        except Exception as error:
            self.failed, self.error = content, error
            return
        if not arcs <= self.arcs:
            self.arcs |= arcs
            self.found.append(content)

    def _check(self, content: bytes) -> set[Arc]:
        with ending():
            if self.examined % _MEASURED == 0:
                check_memory(self.target, content)
            return reached(self.target, content)

    def _fails_likewise(self, content: bytes) -> bool:
        try:
            self._check(content)
        except Exception as error:
            return type(error) is type(self.error)
        return False
