"""Random inputs, the same ones in every run: `python -m tests.fuzzing` looks further."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from tests.fuzzing import corpus
from tests.fuzzing.inputs import any_of
from tests.fuzzing.table import TARGETS

_EXAMPLES = 100


@pytest.mark.parametrize("name", TARGETS)
def test_random_inputs_are_read_or_refused(name):
    """Inputs near to valid ones, and damaged copies of kept ones, are read or refused by the function's own error."""
    target = TARGETS[name]
    seeds = [content for content in corpus.contents(name) if len(content) < 4_096]

    @settings(
        max_examples=_EXAMPLES, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(any_of(target.inputs, seeds))
    def examine(content: bytes) -> None:
        target.check(content)

    examine()
