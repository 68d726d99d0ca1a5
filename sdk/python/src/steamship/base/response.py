"""What several operations answer in the same words."""

from __future__ import annotations

from steamship.base.model import CamelModel


class Response(CamelModel):
    """The fields of an operation's output."""


class ListResponse(Response):
    """A page; `next_page_token` is None on the last one."""

    next_page_token: str | None = None
