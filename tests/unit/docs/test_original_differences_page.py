"""The page on what differs from the original SDK, against the calls that show it."""

from __future__ import annotations

from tests.acceptance.original.scripts import DIFFERENCES
from tests.services.pages import rows, section


def test_every_difference_in_answers_stands_there() -> None:
    """The table has a row for each difference that the calls of original packages show, and no other."""
    told = rows(section("docs/reference/original-differences.md", "## What callers see"))
    assert told == [[shown.what, shown.original, shown.ours] for shown in DIFFERENCES]


def test_every_difference_has_one_row() -> None:
    """No two rows speak of one thing."""
    assert len({shown.what for shown in DIFFERENCES}) == len(DIFFERENCES)
