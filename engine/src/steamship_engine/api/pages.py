"""Which page a listing wants (docs/reference/protocol.md#paging)."""

from __future__ import annotations

from steamship_engine.api.operations import PagedInput
from steamship_engine.model.errors import InvalidRequestError
from steamship_engine.store.rows import Paging

DEFAULT_SIZE = 50
LARGEST_SIZE = 1000


def paging(wanted: PagedInput) -> Paging:
    """The page that the input asks for; newest first, and of 50, unless it says otherwise.

    A size above 1000 gives 1000: there is a next page. InvalidRequestError for sizes below 1.
    """
    size = DEFAULT_SIZE if wanted.page_size is None else wanted.page_size
    if size < 1:
        raise InvalidRequestError(
            f'"{size}" is not a page size.', suggestion=f"Ask for a pageSize of 1 to {LARGEST_SIZE}."
        )
    order = (wanted.sort_order or "DESC").upper()
    if order not in ("ASC", "DESC"):
        raise InvalidRequestError(
            f'"{wanted.sort_order}" is not a sort order.', suggestion="Ask for sortOrder ASC or DESC."
        )
    return Paging(size=min(size, LARGEST_SIZE), token=wanted.page_token, ascending=order == "ASC")
