"""Tags: what is said of a file, a block or a span of one."""

from __future__ import annotations

from typing import Any, ClassVar

from steamship.base.client import Client
from steamship.base.error import InvalidRequestError
from steamship.base.model import Resource
from steamship.base.request import Request
from steamship.base.response import Response


class TagQueryRequest(Request):
    """A query over tags."""

    tag_filter_query: str


class TagQueryResponse(Response):
    """The tags that a query found."""

    tags: list[Tag]


class Tag(Resource):
    """A kind, a name and a value, on a file (no `block_id`), a block, or a span of a block's text.

    The same kind and name may be there several times. `text` is the tagged text, where known.
    """

    _wrapper: ClassVar[str] = "tag"

    id: str | None = None
    file_id: str | None = None
    block_id: str | None = None
    kind: str | None = None
    name: str | None = None
    value: dict[str, Any] | None = None
    start_idx: int | None = None
    end_idx: int | None = None
    text: str | None = None

    @staticmethod
    def create(
        client: Client,
        file_id: str | None = None,
        block_id: str | None = None,
        kind: str | None = None,
        name: str | None = None,
        start_idx: int | None = None,
        end_idx: int | None = None,
        value: dict[str, Any] | None = None,
    ) -> Tag:
        """A new tag. Raises NotFoundError for an unknown file or block."""
        request = Tag(
            file_id=file_id,
            block_id=block_id,
            kind=kind,
            name=name,
            start_idx=start_idx,
            end_idx=end_idx,
            value=value,
        )
        tag: Tag = client.post("tag/create", request, expect=Tag)
        return tag

    def delete(self) -> Tag:
        """Delete it. Raises InvalidRequestError for a tag that no engine has, NotFoundError the second time."""
        if self.client is None or self.id is None:
            raise InvalidRequestError(
                f'The tag "{self.name}" is not stored in an engine.',
                suggestion="Get it from a file or a query.",
            )
        request = {"id": self.id, "fileId": self.file_id, "blockId": self.block_id}
        named = {name: value for name, value in request.items() if value is not None}
        deleted: Tag = self.client.post("tag/delete", named, expect=Tag)
        return deleted

    @staticmethod
    def query(client: Client, tag_filter_query: str) -> TagQueryResponse:
        """The tags in the client's workspace that a query finds, such as `filetag and kind "note"`."""
        request = TagQueryRequest(tag_filter_query=tag_filter_query)
        found: TagQueryResponse = client.post("tag/query", request, expect=TagQueryResponse)
        return found


TagQueryResponse.model_rebuild()
