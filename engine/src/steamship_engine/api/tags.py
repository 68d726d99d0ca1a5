"""Tags on files (docs/reference/protocol.md#files-and-tags)."""

from __future__ import annotations

from typing import Any

from steamship_engine.api.current import workspace_of
from steamship_engine.api.operations import Call, Input, Operation
from steamship_engine.api.times import wire_time
from steamship_engine.control import tags
from steamship_engine.control.files import NewTag
from steamship_engine.model.errors import NotBuiltYetError
from steamship_engine.model.nouns import Tag


class TagInput(Input):
    """A tag to be made together with its file."""

    kind: str
    name: str | None = None
    value: dict[str, Any] | None = None

    def new(self) -> NewTag:
        """For control."""
        return NewTag(self.kind, self.name, self.value)


class CreateInput(TagInput):
    """A tag on a file; tags on blocks come with blocks."""

    file_id: str
    block_id: str | None = None
    start_idx: int | None = None
    end_idx: int | None = None


class DeleteInput(Input):
    """By id."""

    id: str


class QueryInput(Input):
    """See docs/reference/protocol.md#tag-queries."""

    tag_filter_query: str


def tag_json(tag: Tag, user_id: str | None) -> dict[str, Any]:
    """A file's tag on the wire; `user_id` is its file's owner."""
    return {
        "id": tag.id,
        "fileId": tag.file_id,
        "blockId": None,
        "kind": tag.kind,
        "name": tag.name,
        "value": tag.value,
        "startIdx": None,
        "endIdx": None,
        "text": None,
        "workspaceId": tag.workspace_id,
        "userId": user_id,
        "createdAt": wire_time(tag.created_at),
    }


def _create(call: Call, wanted: CreateInput) -> dict[str, Any]:
    if wanted.block_id is not None:
        raise NotBuiltYetError(
            f'This engine has no blocks yet, so none "{wanted.block_id[:100]}" to tag.',
            suggestion="Tag the file: leave blockId away.",
        )
    tag = tags.create(call.ground, call.who(), wanted.file_id, wanted.new())
    return {"tag": tag_json(tag, call.who().user_id)}


def _delete(call: Call, wanted: DeleteInput) -> dict[str, Any]:
    return {"tag": tag_json(tags.delete(call.ground, call.who(), wanted.id), call.who().user_id)}


def _query(call: Call, wanted: QueryInput) -> dict[str, Any]:
    found = tags.query(call.ground, workspace_of(call), wanted.tag_filter_query)
    return {"tags": [tag_json(tag, call.who().user_id) for tag in found]}


OPERATIONS = (
    Operation(path="tag/create", input=CreateInput, run=_create, changes=True, summary="Tag a file."),
    Operation(path="tag/delete", input=DeleteInput, run=_delete, changes=True, summary="Remove a tag."),
    Operation(
        path="tag/query",
        input=QueryInput,
        run=_query,
        summary="The current workspace's tags that a query is about.",
    ),
)
