"""The account: who a key stands for, and logins (docs/reference/protocol.md#users-and-keys)."""

from __future__ import annotations

from typing import Any

from steamship_engine.api.operations import Call, Input, Operation, Who
from steamship_engine.api.times import wire_time
from steamship_engine.control import logins, users
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


class BeginInput(Input):
    """Nothing; clients send no body at all, or `{}`."""


class PollInput(Input):
    """`token` as `account/create_login_attempt` gave it."""

    token: str


def _begin(call: Call, _wanted: BeginInput) -> dict[str, Any]:
    return {"token": logins.begin(call.ground)}


def _poll(call: Call, wanted: PollInput) -> dict[str, Any]:
    polled = logins.poll(call.ground, wanted.token, source=call.source)
    told = {"status": polled.progress.value}
    return told if polled.key is None else {**told, "apiKey": polled.key}


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
    Operation(
        path="account/create_login_attempt",
        input=BeginInput,
        run=_begin,
        who=Who.ANYONE,
        summary="Start a login that somebody approves on the engine's page `account/client-login`.",
    ),
    Operation(
        path="account/poll_login_attempt",
        input=PollInput,
        run=_poll,
        who=Who.ANYONE,
        summary="Whether a login is `waiting`, `done` (once, with a new key in `apiKey`) or `ended`.",
    ),
)
