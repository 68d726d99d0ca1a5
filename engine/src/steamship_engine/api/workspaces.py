"""Workspaces (docs/reference/protocol.md#workspaces)."""

from __future__ import annotations

from typing import Any

from pydantic import AliasChoices, Field

from steamship_engine.api.current import workspace_of
from steamship_engine.api.operations import Call, Input, Operation, PagedInput
from steamship_engine.api.pages import paging
from steamship_engine.api.times import wire_time
from steamship_engine.control import workspaces
from steamship_engine.model.nouns import Workspace


class CreateInput(Input):
    """The newest npm client spells `fetchIfExists` its own way."""

    handle: str | None = None
    fetch_if_exists: bool | None = Field(
        default=None, validation_alias=AliasChoices("fetchIfExists", "fetch_if_exists")
    )


class GetInput(Input):
    """Without both, the current workspace is meant."""

    id: str | None = None
    handle: str | None = None


class ListInput(PagedInput):
    """All of the user's own, narrowed to one by id or handle."""

    id: str | None = None
    handle: str | None = None


class DeleteInput(Input):
    """By id."""

    id: str


def workspace_json(workspace: Workspace) -> dict[str, Any]:
    """A workspace on the wire."""
    return {
        "id": workspace.id,
        "handle": workspace.handle,
        "userId": workspace.user_id,
        "description": None,
        "createdAt": wire_time(workspace.created_at),
        "updatedAt": wire_time(workspace.updated_at),
    }


def _create(call: Call, wanted: CreateInput) -> dict[str, Any]:
    made = workspaces.create(
        call.ground, call.who(), wanted.handle, fetch_if_exists=wanted.fetch_if_exists is True
    )
    return {"workspace": workspace_json(made)}


def _get(call: Call, wanted: GetInput) -> dict[str, Any]:
    if wanted.id or wanted.handle:
        found = workspaces.find(call.ground, call.who(), wanted.id, wanted.handle)
    else:
        found = workspace_of(call)
    return {"workspace": workspace_json(found)}


def _list(call: Call, wanted: ListInput) -> dict[str, Any]:
    page = workspaces.listed(
        call.ground, call.who(), paging(wanted), workspace_id=wanted.id, handle=wanted.handle
    )
    return {
        "workspaces": [workspace_json(workspace) for workspace in page.items],
        "nextPageToken": page.next_token,
    }


def _delete(call: Call, wanted: DeleteInput) -> dict[str, Any]:
    return {"workspace": workspace_json(workspaces.delete(call.ground, call.who(), wanted.id))}


OPERATIONS = (
    Operation(
        path="workspace/create",
        instance_keys=True,
        input=CreateInput,
        run=_create,
        changes=True,
        top_level=True,
        summary="Make a workspace, or fetch it where the handle is used.",
    ),
    Operation(
        path="workspace/get",
        instance_keys=True,
        input=GetInput,
        run=_get,
        summary="A workspace by id or handle, else the current one.",
    ),
    Operation(path="workspace/list", input=ListInput, run=_list, summary="The user's workspaces."),
    Operation(
        path="workspace/delete",
        input=DeleteInput,
        run=_delete,
        changes=True,
        summary="Remove a workspace and everything in it.",
    ),
)
