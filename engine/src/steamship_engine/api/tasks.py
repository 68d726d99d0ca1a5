"""Tasks (docs/reference/protocol.md#tasks)."""

from __future__ import annotations

import json
from typing import Any

from steamship_engine.api.operations import Call, Input, Operation, PagedInput, TaskAnswer, Who
from steamship_engine.api.pages import paging
from steamship_engine.api.times import wire_time, wire_time_or_none
from steamship_engine.control import tasks
from steamship_engine.control.ground import Ground
from steamship_engine.control.tasks import TaskChange
from steamship_engine.model.errors import InvalidRequestError
from steamship_engine.model.nouns import Task
from steamship_engine.model.states import TaskState
from steamship_engine.model.strict_json import NotJsonError, read_json
from steamship_engine.store.queue import MOST_ATTEMPTS

_NOT_SHOWN = "***"
_SECRETIVE = ("config", "key", "apiKey")
"""Fields of an operation's input that may hold secrets."""


class StatusInput(Input):
    """By id."""

    task_id: str


class GetInput(Input):
    """By id."""

    id: str


class ListInput(PagedInput):
    """The user's tasks, narrowed by what is given."""

    id: str | None = None
    workspace_id: str | None = None
    state: str | None = None


class UpdateInput(Input):
    """Only what is sent changes; `input` and `output` are JSON text."""

    task_id: str
    state: str | None = None
    status_message: str | None = None
    status_suggestion: str | None = None
    status_code: str | None = None
    input: str | None = None
    output: Any = None


class NothingInput(Input):
    """Nothing."""


def task_status(ground: Ground, task: Task) -> dict[str, Any]:
    """A task as the `status` of an answer: without its input."""
    return {
        "taskId": task.id,
        "userId": task.user_id,
        "workspaceId": task.workspace_id,
        "requestId": task.request_id,
        "name": f"/api/v1/{task.operation}",
        "version": "1",
        "input": None,
        "output": tasks.output_of(ground, task),
        "state": task.state.value,
        "statusMessage": task.status_message,
        "statusSuggestion": task.status_suggestion,
        "statusCode": task.status_code,
        "statusCreatedOn": wire_time(task.updated_at),
        "taskType": "internalApi",
        "taskExecutor": None,
        "taskCreatedOn": wire_time(task.created_at),
        "taskLastModifiedOn": wire_time(task.updated_at),
        "remoteStatusInput": None,
        "remoteStatusOutput": None,
        "remoteStatusMessage": None,
        "assignedWorker": None,
        "startedAt": wire_time_or_none(task.started_at),
        "maxRetries": MOST_ATTEMPTS - 1,
        "retries": max(task.attempts - 1, 0),
    }


def task_json(ground: Ground, task: Task) -> dict[str, Any]:
    """A task on the wire. Values in its input that may be secrets are not shown."""
    shown = redacted(tasks.input_of(ground, task))
    return {**task_status(ground, task), "input": None if shown is None else json.dumps(shown)}


def redacted(value: Any) -> Any:
    """An operation's input with what may be secret blotted out."""
    if not isinstance(value, dict):
        return value
    return {name: _blotted(part) if name in _SECRETIVE else part for name, part in value.items()}


def _blotted(part: Any) -> Any:
    if isinstance(part, dict):
        return dict.fromkeys(part, _NOT_SHOWN)
    return part if part is None else _NOT_SHOWN


def _status(call: Call, wanted: StatusInput) -> TaskAnswer:
    task = tasks.get(call.ground, call.who(), wanted.task_id)
    status = task_status(call.ground, task)
    data = None
    if task.state is TaskState.SUCCEEDED and task.output_is_json and status["output"] is not None:
        data = json.loads(status["output"])
    return TaskAnswer(status, data)


def _get(call: Call, wanted: GetInput) -> dict[str, Any]:
    return {"task": task_json(call.ground, tasks.get(call.ground, call.who(), wanted.id))}


def _list(call: Call, wanted: ListInput) -> dict[str, Any]:
    page = tasks.listed(
        call.ground,
        call.who(),
        paging(wanted),
        workspace_id=wanted.workspace_id,
        task_id=wanted.id,
        state=_state(wanted.state),
    )
    return {"tasks": [task_json(call.ground, task) for task in page.items], "nextPageToken": page.next_token}


def _update(call: Call, wanted: UpdateInput) -> dict[str, Any]:
    output = wanted.output
    change = TaskChange(
        state=_state(wanted.state),
        status_message=wanted.status_message,
        status_suggestion=wanted.status_suggestion,
        status_code=wanted.status_code,
        input=None if wanted.input is None else _json_text("input", wanted.input),
        output=_json_text("output", output) if isinstance(output, str) else _dumped(output),
    )
    return {"task": task_json(call.ground, tasks.update(call.ground, call.who(), wanted.task_id, change))}


def _noop(_call: Call, _wanted: NothingInput) -> dict[str, Any]:
    return {}


def _fail(_call: Call, _wanted: NothingInput) -> dict[str, Any]:
    raise InvalidRequestError(
        '"task/alwaysfail" failed, as it always does.', suggestion='Call "task/noop" for one that succeeds.'
    )


def _state(text: str | None) -> TaskState | None:
    if text is None:
        return None
    try:
        return TaskState(text)
    except ValueError:
        known = ", ".join(TaskState)
        raise InvalidRequestError(
            f'"{text[:40]}" is not a task state.', suggestion=f"Send one of {known}."
        ) from None


def _json_text(name: str, text: str) -> str:
    try:
        read_json(text)
    except NotJsonError as error:
        raise InvalidRequestError(
            f'The task\'s {name} is not JSON text: "{text[:60]}": {error}.',
            suggestion="Send a string that holds JSON.",
        ) from None
    return text


def _dumped(value: Any) -> str | None:
    return None if value is None else json.dumps(value)


OPERATIONS = (
    Operation(
        path="task/status",
        input=StatusInput,
        run=_status,
        summary="How a task stands, with its output once it has succeeded.",
    ),
    Operation(path="task/get", input=GetInput, run=_get, summary="A task."),
    Operation(path="task/list", input=ListInput, run=_list, summary="The user's tasks."),
    Operation(
        path="task/update",
        input=UpdateInput,
        run=_update,
        changes=True,
        summary="Write a task's state, status, input or output.",
    ),
    Operation(
        path="task/noop",
        input=NothingInput,
        run=_noop,
        who=Who.WORKSPACE,
        changes=True,
        summary="Do nothing, and succeed.",
    ),
    Operation(
        path="task/alwaysfail",
        input=NothingInput,
        run=_fail,
        who=Who.WORKSPACE,
        changes=True,
        summary="Fail.",
    ),
)
