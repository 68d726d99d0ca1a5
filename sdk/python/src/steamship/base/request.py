"""What several operations ask for in the same words."""

from __future__ import annotations

from enum import StrEnum

from steamship.base.model import CamelModel


class SortOrder(StrEnum):
    """The order of a list, by time of creation."""

    ASC = "ASC"
    DESC = "DESC"


class Request(CamelModel):
    """The fields of an operation's input."""


class _Named(Request):
    id: str | None = None
    handle: str | None = None


class GetRequest(_Named):
    """A thing by id or handle."""


class CreateRequest(_Named):
    """A thing to make."""


class UpdateRequest(_Named):
    """A thing to change."""


class IdentifierRequest(_Named):
    """A thing by id or handle."""


class DeleteRequest(Request):
    """A thing to delete."""

    id: str


class ListRequest(Request):
    """A page: of `page_size` things, from where the last one's `next_page_token` says."""

    page_size: int | None = None
    page_token: str | None = None
    sort_order: SortOrder | None = SortOrder.DESC
