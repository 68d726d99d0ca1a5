"""Files (docs/reference/protocol.md#files-and-tags)."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

from pydantic import BeforeValidator
from pydantic_core import from_json

from steamship_engine.api import ranges
from steamship_engine.api.current import workspace_of
from steamship_engine.api.operations import Call, Input, Operation, PagedInput, Raw, Who
from steamship_engine.api.pages import paging
from steamship_engine.api.tags import TagInput, tag_json
from steamship_engine.api.times import wire_time
from steamship_engine.control import files
from steamship_engine.control.files import Content, NewFile, Tagged
from steamship_engine.model import media
from steamship_engine.model.errors import InvalidRequestError, NotBuiltYetError
from steamship_engine.model.nouns import File


class BlockInput(Input):
    """A block to be made together with its file. Only empty ones may be sent as yet; they are not kept."""

    text: str | None = None
    tags: list[TagInput] | None = None
    url: str | None = None
    upload_type: str | None = None

    def is_empty(self) -> bool:
        """Whether nothing is lost where the block is not kept."""
        return not self.text and not self.tags and self.url is None and self.upload_type in (None, "none")


def _out_of_text(tags: Any) -> Any:
    """A form of our SDKs carries the tags as JSON text, in which their values keep their types."""
    return from_json(tags, allow_inf_nan=False) if isinstance(tags, str) else tags


class CreateInput(Input):
    """`type`: `file` (with a file part, or empty), `value` (with text), `blocks` and `none`."""

    type: str
    handle: str | None = None
    filename: str | None = None
    mime_type: str | None = None
    public_data: bool | None = None
    value: str | None = None
    blocks: list[BlockInput] | None = None
    tags: Annotated[list[TagInput] | None, BeforeValidator(_out_of_text)] = None


class GetInput(Input):
    """By id, or by handle in the current workspace."""

    id: str | None = None
    handle: str | None = None


class IdInput(Input):
    """By id."""

    id: str


class UpdateInput(Input):
    """Whether everybody may read the bytes."""

    id: str
    public_data: bool | None = None


class QueryInput(Input):
    """See docs/reference/protocol.md#tag-queries."""

    tag_filter_query: str


def file_json(tagged: Tagged) -> dict[str, Any]:
    """A file on the wire, the same in every answer."""
    file = tagged.file
    return {
        "id": file.id,
        "handle": file.handle,
        "mimeType": media.on_the_wire(file.mime_type),
        "workspaceId": file.workspace_id,
        "userId": file.user_id,
        "filename": file.filename,
        "publicData": file.is_public,
        "blocks": [],
        "tags": [tag_json(tag, file.user_id) for tag in tagged.tags],
        "createdAt": wire_time(file.created_at),
        "updatedAt": wire_time(file.updated_at),
    }


def _create(call: Call, wanted: CreateInput) -> dict[str, Any]:
    with _content(call, wanted) as content:
        new = NewFile(
            handle=wanted.handle,
            filename=wanted.filename,
            mime_type=wanted.mime_type,
            is_public=wanted.public_data is True,
            content=content,
            tags=[tag.new() for tag in wanted.tags or ()],
        )
        return {"file": file_json(files.create(call.ground, call.who(), workspace_of(call), new))}


@contextmanager
def _content(call: Call, wanted: CreateInput) -> Iterator[Content | None]:
    """The new file's bytes on disk, for as long as the block runs."""
    if wanted.type == "value" or (wanted.type == "file" and call.upload is None and wanted.value is not None):
        data = (wanted.value or "").encode()
        path = call.ground.uploads / f"value-{secrets.token_hex(16)}"
        try:
            path.write_bytes(data)
            yield Content(path, hashlib.sha256(data).hexdigest(), len(data))
        finally:
            path.unlink(missing_ok=True)
    elif wanted.type == "file":
        upload = call.upload
        yield None if upload is None else Content(upload.path, upload.sha256, upload.size)
    elif wanted.type in ("none", "blocks"):
        if not all(block.is_empty() for block in wanted.blocks or ()):
            raise NotBuiltYetError(
                'This engine stores no "blocks" with content yet.',
                suggestion="Send the content as a file: type=file with a file part.",
            )
        yield None
    elif wanted.type in ("fileImporter", "url"):
        raise NotBuiltYetError(
            f'This engine does not import files by "{wanted.type}" yet.',
            suggestion="Fetch the file and send it: type=file with a file part.",
        )
    else:
        raise InvalidRequestError(
            f'"{wanted.type[:40]}" is no type of a new file.',
            suggestion="Send one of file, value, blocks and none.",
        )


def _get(call: Call, wanted: GetInput) -> dict[str, Any]:
    if wanted.id is not None:
        found = files.by_id(call.ground, call.who(), wanted.id)
    elif wanted.handle is not None:
        found = files.by_handle(call.ground, call.who(), workspace_of(call), wanted.handle)
    else:
        raise InvalidRequestError(
            '"file/get" was sent neither an id nor a handle.', suggestion="Send one of them."
        )
    return {"file": file_json(found)}


def _list(call: Call, wanted: PagedInput) -> dict[str, Any]:
    page = files.listed(call.ground, workspace_of(call), paging(wanted))
    return {"files": [file_json(tagged) for tagged in page.items], "nextPageToken": page.next_token}


def _query(call: Call, wanted: QueryInput) -> dict[str, Any]:
    found = files.query(call.ground, workspace_of(call), wanted.tag_filter_query)
    return {"files": [file_json(tagged) for tagged in found]}


def _update(call: Call, wanted: UpdateInput) -> dict[str, Any]:
    changed = files.publish(call.ground, call.who(), wanted.id, is_public=wanted.public_data)
    return {"file": file_json(changed)}


def _delete(call: Call, wanted: IdInput) -> dict[str, Any]:
    return {"file": file_json(files.delete(call.ground, call.who(), wanted.id))}


def _raw(call: Call, wanted: IdInput) -> Raw:
    file = files.readable(call.ground, call.actor, wanted.id)
    etag = f'"{file.blob or "empty"}"'
    part = ranges.part(call.conditions, etag, file.size)
    headers = {
        "etag": etag,
        "accept-ranges": "bytes",
        # Publishing and unpublishing take effect at once: nobody keeps a copy without asking again.
        "cache-control": "no-cache" if file.is_public else "private, no-cache",
    }
    if part.http_status == 206:
        headers["content-range"] = f"bytes {part.start}-{part.end - 1}/{file.size}"
    elif part.http_status == 416:
        headers["content-range"] = f"bytes */{file.size}"
    return Raw(
        body=_body(call, file, part),
        size=part.end - part.start,
        content_type=media.as_content_type(file.mime_type),
        headers=headers,
        http_status=part.http_status,
    )


def _body(call: Call, file: File, part: ranges.Part) -> Iterator[bytes]:
    if file.blob is None or part.start == part.end:
        return iter(())
    if part.http_status == 206:
        return call.ground.blobs.open_range(file.blob, part.start, part.end)
    return call.ground.blobs.open(file.blob)


OPERATIONS = (
    Operation(
        path="file/create",
        input=CreateInput,
        run=_create,
        changes=True,
        takes_file=True,
        summary="Store a file in the current workspace.",
    ),
    Operation(
        path="file/get", input=GetInput, run=_get, top_level=True, summary="A file, by id or by handle."
    ),
    Operation(path="file/list", input=PagedInput, run=_list, summary="The current workspace's files."),
    Operation(
        path="file/query",
        input=QueryInput,
        run=_query,
        summary="The current workspace's files with tags that a query is about.",
    ),
    Operation(
        path="file/update",
        input=UpdateInput,
        run=_update,
        changes=True,
        summary="Let everybody read a file's bytes, or its owner alone.",
    ),
    Operation(
        path="file/delete",
        input=IdInput,
        run=_delete,
        changes=True,
        summary="Remove a file with its tags and bytes.",
    ),
    Operation(path="file/raw", input=IdInput, run=_raw, summary="A file's bytes."),
    Operation(
        path="file/{id}/raw",
        input=IdInput,
        run=_raw,
        who=Who.ANYONE,
        verbs=("GET", "HEAD"),
        summary="A file's bytes; public ones need no key.",
    ),
)
