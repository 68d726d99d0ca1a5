"""Which page a listing wants."""

from __future__ import annotations

import pytest

from steamship_engine.api.operations import PagedInput
from steamship_engine.api.pages import DEFAULT_SIZE, LARGEST_SIZE, paging
from steamship_engine.model.errors import InvalidRequestError


def test_nothing_said_means_the_newest() -> None:
    """Without a word the page has the default size, newest first."""
    found = paging(PagedInput())
    assert (found.size, found.token, found.ascending) == (DEFAULT_SIZE, None, False)


@pytest.mark.parametrize("size", [-1, 0])
def test_sizes_below_one_are_refused(size: int) -> None:
    """A page of -1 or 0 rows is an error that names the number."""
    with pytest.raises(InvalidRequestError, match=f'"{size}"'):
        paging(PagedInput(page_size=size))


def test_a_size_too_large_is_the_largest() -> None:
    """More than the largest page is the largest page: the rest is on the next."""
    assert paging(PagedInput(page_size=10**9)).size == LARGEST_SIZE


@pytest.mark.parametrize(
    ("order", "ascending"), [("ASC", True), ("asc", True), ("DESC", False), (None, False)]
)
def test_the_order_is_asc_or_desc(order: str | None, ascending: bool) -> None:
    """ASC is oldest first, DESC or nothing newest first, in any case."""
    assert paging(PagedInput(sort_order=order)).ascending is ascending


def test_another_order_is_refused() -> None:
    """Any other order is an error that names it."""
    with pytest.raises(InvalidRequestError, match='"UP"'):
        paging(PagedInput(sort_order="UP"))
