"""Files: bytes, or blocks, with tags, in a workspace."""

from __future__ import annotations

import builtins
from enum import StrEnum
from typing import Any, ClassVar

from pydantic import Field

from steamship.base.client import Client
from steamship.base.error import InvalidRequestError
from steamship.base.mime_types import MimeTypes
from steamship.base.model import Resource
from steamship.base.request import DeleteRequest, GetRequest, ListRequest, Request, SortOrder
from steamship.base.request_bodies import Upload
from steamship.base.response import ListResponse, Response
from steamship.data.block import Block
from steamship.data.tags.tag import Tag


class FileUploadType(StrEnum):
    """What a new file is made of."""

    FILE = "file"
    FILE_IMPORTER = "fileImporter"
    BLOCKS = "blocks"
    NONE = "none"


class FileQueryRequest(Request):
    """A query over the tags of files."""

    tag_filter_query: str


class FileQueryResponse(Response):
    """The files that a query found."""

    files: list[File]


class ListFileRequest(ListRequest):
    """A page of files."""


class ListFileResponse(ListResponse):
    """A page of files."""

    files: list[File]


class File(Resource):
    """A file with its tags and, in order, its blocks. With `public_data` its bytes can be read without a key."""

    _wrapper: ClassVar[str] = "file"

    id: str | None = None
    handle: str | None = None
    mime_type: MimeTypes | str | None = None
    workspace_id: str | None = None
    blocks: builtins.list[Block] = Field(default_factory=list)
    tags: builtins.list[Tag] = Field(default_factory=list)
    filename: str | None = None
    public_data: bool = False

    @staticmethod
    def create(
        client: Client,
        content: str | bytes | None = None,
        mime_type: MimeTypes | str | None = None,
        handle: str | None = None,
        blocks: builtins.list[Block] | None = None,
        tags: builtins.list[Tag] | None = None,
        public_data: bool = False,
    ) -> File:
        """A new file of `content`, or of `blocks`, or empty. Raises InvalidRequestError for both."""
        if content is not None and blocks is not None:
            raise InvalidRequestError(
                "A file is made of content or of blocks, not of both.", suggestion="Give one of the two."
            )
        kind = FileUploadType.NONE
        if content is not None:
            kind = FileUploadType.FILE
        elif blocks is not None:
            kind = FileUploadType.BLOCKS
        fields = {
            "type": kind,
            "handle": handle,
            "mimeType": mime_type,
            "tags": [_wire(tag) for tag in tags or ()] or None,
            "blocks": None if blocks is None else [_wire(block) for block in blocks],
            "publicData": public_data,
        }
        named = {name: value for name, value in fields.items() if value is not None}
        upload = None
        if content is not None:
            content_bytes = content.encode() if isinstance(content, str) else content
            upload = Upload("file-part", content_bytes, mime_type or "application/octet-stream")
        file: File = client.post("file/create", named, file=upload, expect=File)
        return file

    @staticmethod
    def get(client: Client, _id: str | None = None, handle: str | None = None) -> File:
        """The file with that id or handle. Raises NotFoundError."""
        file: File = client.post("file/get", GetRequest(id=_id, handle=handle), expect=File)
        return file

    @staticmethod
    def list(
        client: Client,
        page_size: int | None = None,
        page_token: str | None = None,
        sort_order: SortOrder | None = SortOrder.DESC,
    ) -> ListFileResponse:
        """A page of the files in the client's workspace."""
        request = ListFileRequest(page_size=page_size, page_token=page_token, sort_order=sort_order)
        page: ListFileResponse = client.post("file/list", request, expect=ListFileResponse)
        return page

    @staticmethod
    def query(client: Client, tag_filter_query: str) -> FileQueryResponse:
        """The files in the client's workspace that have a tag as the query describes it."""
        request = FileQueryRequest(tag_filter_query=tag_filter_query)
        found: FileQueryResponse = client.post("file/query", request, expect=FileQueryResponse)
        return found

    def refresh(self) -> File:
        """Read it from the engine again; returns itself."""
        newer = File.get(self.client, str(self.id))
        for name in type(self).model_fields:
            if name != "client":
                setattr(self, name, getattr(newer, name))
        return self

    def raw(self) -> bytes:
        """Its bytes."""
        content: bytes = self.client.post("file/raw", GetRequest(id=self.id), raw_response=True)
        return content

    @property
    def raw_data_url(self) -> str | None:
        """Where its bytes are; None for a file that no engine has."""
        return None if self.client is None else f"{self.client.config.api_base}file/{self.id}/raw"

    def delete(self) -> File:
        """Delete it with its blocks, tags and bytes."""
        deleted: File = self.client.post("file/delete", DeleteRequest(id=str(self.id)), expect=File)
        return deleted


def _wire(part: Resource) -> dict[str, Any]:
    return part.model_dump(mode="json", by_alias=True, exclude_unset=True)


FileQueryResponse.model_rebuild()
ListFileResponse.model_rebuild()
