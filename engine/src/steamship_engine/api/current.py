"""The workspace that a call acts in."""

from __future__ import annotations

from steamship_engine.api.operations import Call
from steamship_engine.control import workspaces
from steamship_engine.model.nouns import Workspace


def workspace_of(call: Call) -> Workspace:
    """By the id header, else by the handle header, else the user's `default`, made on demand.

    A scoped key and a worker's key act in their own workspace. NotFoundError for any other's.
    """
    if call.current is not None:
        return call.current
    return workspaces.current(call.ground, call.who(), call.workspace_id, call.workspace_handle)
