"""Blocks: the parts of a file."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from steamship.base.mime_types import MimeTypes
from steamship.base.model import Resource
from steamship.data.tags.tag import Tag


class Block(Resource):
    """A part of a file: text, or content of its own MIME type. `text` is "" where it is not text."""

    _wrapper: ClassVar[str] = "block"

    id: str | None = None
    file_id: str | None = None
    text: str | None = None
    tags: list[Tag] | None = Field(default_factory=list)
    index: int | None = None
    mime_type: MimeTypes | str | None = None
    url: str | None = None
    content_url: str | None = None
    public_data: bool = False
    stream_state: str | None = None
    request_id: str | None = None
