"""The account: who a key stands for (docs/reference/protocol.md#users-and-keys)."""

from __future__ import annotations

from typing import Any

from steamship_engine.api.operations import Call, Input, Operation, Who
from steamship_engine.api.times import wire_time
from steamship_engine.control import users
from steamship_engine.model.nouns import User


class CurrentInput(Input):
    """Nothing."""


class UpdateInput(Input):
    """The names that the original kept beside the handle are accepted and not kept."""

    handle: str | None = None


def user_json(user: User) -> dict[str, Any]:
    """A user on the wire."""
    return {
        "id": user.id,
        "handle": user.handle,
        "handleSet": True,
        "isAdmin": user.is_admin,
        "createdAt": wire_time(user.created_at),
        "updatedAt": wire_time(user.updated_at),
    }


def _current(call: Call, _wanted: CurrentInput) -> dict[str, Any]:
    return {"user": user_json(users.current(call.ground, call.who()))}


def _update(call: Call, wanted: UpdateInput) -> dict[str, Any]:
    return {"user": user_json(users.update(call.ground, call.who(), wanted.handle))}


OPERATIONS = (
    Operation(
        path="account/current",
        input=CurrentInput,
        run=_current,
        who=Who.USER,
        verbs=("GET", "POST"),
        summary="The user whose key it is.",
    ),
    Operation(
        path="account/update",
        input=UpdateInput,
        run=_update,
        who=Who.USER,
        changes=True,
        summary="Give the user another handle.",
    ),
)
