"""Calls of packages as tasks (docs/reference/protocol.md#calls-later)."""

from __future__ import annotations

from functools import partial
from typing import Any, NoReturn

from pydantic import Field

from steamship_engine.api.current import workspace_of
from steamship_engine.api.operations import Call, Input, Operation
from steamship_engine.api.tasks import task_status
from steamship_engine.control import instances, package_calls
from steamship_engine.control.actor import Actor
from steamship_engine.control.ground import Ground
from steamship_engine.control.instances import CallTarget
from steamship_engine.control.package_calls import PackageCall
from steamship_engine.control.schedule import Schedule


class Payload(Input):
    """The call. `invocation_path` may begin with a slash."""

    http_verb: str = Field(default="POST", pattern="^[A-Za-z]{1,20}$")
    invocation_path: str = Field(min_length=1, max_length=2048)
    arguments: dict[str, Any] | None = None


class InvokeInput(Input):
    """Of an instance in the current workspace."""

    instance_handle: str
    payload: Payload


def accepted(
    ground: Ground, actor: Actor, target: CallTarget, call: PackageCall, when: Schedule, request_id: str
) -> dict[str, Any]:
    """Put a call to the target's address into the queue; the `status` to answer with. Blocking."""
    spec = target.spec
    task = package_calls.submit(
        ground,
        actor,
        workspace_id=spec.workspace_id,
        input=package_calls.kept(spec.instance_id, target.instance_handle, call),
        when=when,
        request_id=request_id,
    )
    return task_status(ground, task)


def _keep(call: Call, wanted: InvokeInput) -> dict[str, Any]:
    """What the task keeps. NotFoundError for an instance that is not the caller's, before there is a task."""
    placed = instances.get(
        call.ground,
        call.who(),
        instance_id=None,
        handle=wanted.instance_handle,
        package_handle=None,
        current=partial(workspace_of, call),
    )
    payload = {
        "httpVerb": wanted.payload.http_verb.upper(),
        "invocationPath": wanted.payload.invocation_path,
        "arguments": wanted.payload.arguments or {},
    }
    return package_calls.kept_payload(placed.instance.id, placed.instance.handle, payload)


def _run(_call: Call, _wanted: InvokeInput) -> NoReturn:
    raise AssertionError("calls of packages run on the event loop: gateway/package_tasks.py")


OPERATIONS = (
    Operation(
        path=package_calls.OPERATION,
        input=InvokeInput,
        run=_run,
        changes=True,
        always_task=True,
        keep=_keep,
        summary="Call a method of an instance in a task, whose output is the reply's body as base64.",
    ),
)
