"""What looks for failures finds those that are there."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st

from tests.fuzzing import target as targets
from tests.fuzzing.campaign import Campaign
from tests.fuzzing.target import Target, check_words
from tests.fuzzing.watch import check_memory, ending, reached


def _target(check) -> Target:
    return Target("planted", check, st.binary(max_size=50), (targets,), memory=1_000_000)


def test_a_planted_failure_is_found_and_made_small():
    """A campaign finds an input that fails, and leaves of it what makes it fail."""

    def check(data: bytes) -> None:
        if b"\xff" in data:
            raise ValueError("planted")

    campaign = Campaign(_target(check), lambda content: None)
    campaign.run(60, first_seed=1)
    assert campaign.failed == b"\xff"
    assert isinstance(campaign.error, ValueError)


def test_steps_through_watched_modules_are_seen():
    """The lines that an input went through are told, and those of other modules are not."""
    nothing = reached(_target(lambda data: None), b"a")
    words = reached(_target(lambda data: check_words(data.decode())), b"a")
    assert nothing == set()
    assert words


def test_too_much_memory_is_a_failure():
    """An input that takes more than its size allows fails."""
    with pytest.raises(AssertionError, match="bytes for an input of 1"):
        check_memory(_target(lambda data: bytearray(5_000_000)), b"a")


def test_no_end_is_a_failure():
    """An input that does not come to an end fails."""
    with pytest.raises(TimeoutError), ending(0.05):
        while True:
            pass


@pytest.mark.parametrize("words", ["half \ud800", "long" * 1_000])
def test_words_that_nobody_can_send_or_read_are_a_failure(words):
    """An error's text is whole characters, and not too many."""
    with pytest.raises(AssertionError):
        check_words(words)
