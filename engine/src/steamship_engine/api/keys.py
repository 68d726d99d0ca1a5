"""User keys: our own addition to the protocol."""

from __future__ import annotations

from typing import Any

from pydantic import AwareDatetime

from steamship_engine.api.operations import Call, Input, Operation, PagedInput, Who
from steamship_engine.api.pages import paging
from steamship_engine.api.times import wire_time, wire_time_or_none
from steamship_engine.control import keys
from steamship_engine.model.nouns import Key


class CreateInput(Input):
    """A key for everything, for one workspace, or for one instance in one; without expiry, for ever."""

    name: str
    workspace_handle: str | None = None
    instance_handle: str | None = None
    expires_at: AwareDatetime | None = None


class RevokeInput(Input):
    """By id."""

    id: str


def key_json(key: Key) -> dict[str, Any]:
    """A key on the wire, without its secret. `lookup` is the readable part of a key of our making."""
    return {
        "id": key.id,
        "name": key.name,
        "lookup": key.lookup,
        "scope": key.scope.value,
        "workspaceId": key.workspace_id,
        "instanceId": key.instance_id,
        "createdAt": wire_time(key.created_at),
        "expiresAt": wire_time_or_none(key.expires_at),
        "revokedAt": wire_time_or_none(key.revoked_at),
        "lastUsedAt": wire_time_or_none(key.last_used_at),
    }


def _create(call: Call, wanted: CreateInput) -> dict[str, Any]:
    made = keys.create(
        call.ground,
        call.who(),
        name=wanted.name,
        workspace_handle=wanted.workspace_handle,
        instance_handle=wanted.instance_handle,
        expires_at=wanted.expires_at,
    )
    return {"key": {**key_json(made.key), "apiKey": made.secret}}


def _list(call: Call, wanted: PagedInput) -> dict[str, Any]:
    page = keys.listed(call.ground, call.who(), paging(wanted))
    return {"keys": [key_json(key) for key in page.items], "nextPageToken": page.next_token}


def _revoke(call: Call, wanted: RevokeInput) -> dict[str, Any]:
    return {"key": key_json(keys.revoke(call.ground, call.who(), wanted.id))}


OPERATIONS = (
    # Not for the background: a task's row would keep the key that is to be shown once.
    Operation(
        path="key/create",
        input=CreateInput,
        run=_create,
        who=Who.USER,
        summary="Make a key; the answer is the only place where `apiKey` is ever shown.",
    ),
    Operation(
        path="key/list",
        input=PagedInput,
        run=_list,
        who=Who.USER,
        summary="The user's keys, without their secrets.",
    ),
    Operation(
        path="key/revoke",
        input=RevokeInput,
        run=_revoke,
        who=Who.USER,
        changes=True,
        summary="End a key now.",
    ),
)
