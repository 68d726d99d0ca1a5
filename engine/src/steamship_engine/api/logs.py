"""Logs (docs/reference/protocol.md#logs)."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from steamship_engine.api.current import workspace_of
from steamship_engine.api.operations import Call, Input, Operation
from steamship_engine.api.times import wire_time_ms
from steamship_engine.control import logs
from steamship_engine.model.errors import InvalidRequestError
from steamship_engine.model.nouns import Record

_FIELDS = {
    "level": "level",
    "message": "message",
    "component": "component",
    "requestId": "request_id",
    "httpMethod": "verb",
    "path": "path",
    "invocablePath": "path",
    "invocableHandle": "package_handle",
    "invocableVersionHandle": "version_handle",
    "invocableInstanceHandle": "instance_handle",
}
"""What `fieldValues` may name, and the record's field for it."""

# Named by the clients of old; nothing of ours fills them.
_EMPTY = (
    "pluginId", "pluginInstanceId", "pluginVersionId", "pluginHandle", "pluginVersionHandle",
    "pluginInstanceHandle", "sessionId", "contextId", "environment", "file", "function", "label", "line", "location",
)  # fmt: skip


class ListInput(Input):
    """`from` records are left out, at most `size` given. Handles and values narrow them."""

    start: int | None = Field(default=None, alias="from", ge=0, le=10_000_000)
    size: int | None = Field(default=None, ge=0)
    invocable_handle: str | None = None
    invocable_version_handle: str | None = None
    invocable_instance_handle: str | None = None
    invocable_path: str | None = None
    field_values: dict[str, Any] | None = None


DEFAULT_SIZE = 50
LARGEST_SIZE = 1000


def to_wire(record: Record) -> dict[str, Any]:
    """A record on the wire. `requestId` and `httpStatus` are ours."""
    return {
        "id": str(record.seq),
        "message": record.message,
        "level": record.level.upper(),
        "timestamp": wire_time_ms(record.at),
        "userId": record.user_id,
        "tenantId": record.user_id,
        "workspaceId": record.workspace_id,
        "invocableType": "package",
        "invocableHandle": record.package_handle,
        "invocableVersionHandle": record.version_handle,
        "invocableInstanceHandle": record.instance_handle,
        "invocableOwnerId": record.author_id,
        "invocableOwnerHandle": record.author_handle,
        "component": record.component,
        "requestId": record.request_id,
        "httpMethod": record.verb,
        "httpStatus": record.status,
        "elapsedTimeSeconds": record.elapsed_s,
        "path": record.path,
        "route": record.path,
        **dict.fromkeys(_EMPTY),
    }


def _list(call: Call, wanted: ListInput) -> dict[str, Any]:
    fields: dict[str, str | None] = {
        "package_handle": wanted.invocable_handle,
        "version_handle": wanted.invocable_version_handle,
        "instance_handle": wanted.invocable_instance_handle,
        "path": wanted.invocable_path,
    }
    for name, value in (wanted.field_values or {}).items():
        if name not in _FIELDS:
            raise InvalidRequestError(
                f'"{name[:100]}" is no field to look for in logs.',
                suggestion=f"Look for one of {', '.join(_FIELDS)}.",
            )
        fields[_FIELDS[name]] = str(value)
    path = fields["path"]
    if path is not None:
        fields["path"] = "/" + path.lstrip("/")
    start = wanted.start or 0
    size = DEFAULT_SIZE if wanted.size is None else min(wanted.size, LARGEST_SIZE)
    found, count = logs.listed(call.ground, call.who(), workspace_of(call), fields, start, size)
    return {"from": start, "count": count, "entries": [to_wire(record) for record in found]}


OPERATIONS = (
    Operation(
        path="logs/list",
        input=ListInput,
        run=_list,
        summary="What the current workspace's instances said and how they were called, newest first.",
    ),
)
