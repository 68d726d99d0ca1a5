"""Instances for tests, made by the rules that the API uses."""

from __future__ import annotations

from typing import Any

from steamship_engine.control import versions
from steamship_engine.control.actor import Actor
from steamship_engine.control.ground import Ground
from steamship_engine.control.reuse import Wanted
from steamship_engine.control.use import use
from steamship_engine.model.nouns import Workspace
from steamship_engine.store.instances import Placed


def make(
    ground: Ground,
    actor: Actor,
    package: str,
    handle: str | None,
    *,
    workspace: str = "mine",
    version: str | None = None,
    fetch: bool = True,
    create_workspace: bool = True,
    **more: Any,
) -> Placed:
    """The instance of the package with that handle, in the named workspace, made where there is none."""
    wanted = Wanted(
        package=versions.Wanted(package_handle=package, handle=version),
        handle=handle,
        fetch_if_exists=fetch,
        workspace_handle=workspace,
        create_workspace=create_workspace,
        **more,
    )
    return use(ground, actor, wanted, current=nowhere, request_id="a-request")


def nowhere() -> Workspace:
    """The current workspace where nobody should ask for one."""
    raise AssertionError("the workspace is named")
