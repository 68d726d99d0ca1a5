"""Tasks: submitting, looking at and changing them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection

from steamship_engine.control.actor import Actor, Reach
from steamship_engine.control.ground import Ground
from steamship_engine.model.audit import Subject
from steamship_engine.model.errors import ConflictError, NotFoundError
from steamship_engine.model.identifiers import new_id
from steamship_engine.model.nouns import Task, TaskUpload
from steamship_engine.model.states import TaskState
from steamship_engine.store import queue
from steamship_engine.store import tasks as store
from steamship_engine.store.database import after_commit
from steamship_engine.store.queue import Ending
from steamship_engine.store.rows import Page, Paging


def submit(
    ground: Ground,
    connection: Connection,
    actor: Actor,
    *,
    operation: str,
    input: Any,
    request_id: str,
    workspace_id: str | None,
    depends_on: Sequence[str] = (),
    run_after: datetime | None = None,
    upload: TaskUpload | None = None,
) -> Task:
    """A new task, `waiting`, that exists once the caller's transaction is committed.

    `input` is the operation's JSON input; it is sealed in the row. The task takes over one reference
    to the blob of `upload`. Raises NotFoundError for a task in `depends_on` that the actor may not
    see, and ConflictError for one that has failed.
    """
    task_id = new_id()
    task = store.add(
        connection,
        task_id=task_id,
        user_id=actor.user_id,
        workspace_id=workspace_id,
        operation=operation,
        actor=actor.to_json(),
        request_id=request_id,
        sealed_input=ground.vault.seal(json.dumps(input).encode(), store.place(task_id, "input")),
        run_after=run_after,
        needs=_unfinished(connection, actor, depends_on),
        upload=upload,
    )
    after_commit(connection, partial(ground.changes.report, "task", task_id))
    return task


def get(ground: Ground, actor: Actor, task_id: str) -> Task:
    """The task of that id; NotFoundError where the actor's key does not reach it."""
    with ground.database.read() as connection:
        return _seen(actor, store.find(connection, task_id.upper()), task_id)


def listed(
    ground: Ground,
    actor: Actor,
    paging: Paging,
    *,
    workspace_id: str | None = None,
    task_id: str | None = None,
    state: TaskState | None = None,
) -> Page[Task]:
    """The actor's tasks, narrowed by what is given; for a scoped key those of its workspace alone."""
    if actor.reach is not Reach.USER:
        if workspace_id is not None and not actor.reaches_workspace(workspace_id):
            return Page([], None)
        workspace_id = actor.workspace_id
    with ground.database.read() as connection:
        return store.page(
            connection, actor.user_id, paging, workspace_id=workspace_id, task_id=task_id, state=state
        )


@dataclass(frozen=True)
class TaskChange:
    """What `task/update` may write; None leaves a field as it is. `input` and `output` are JSON text."""

    state: TaskState | None = None
    status_message: str | None = None
    status_suggestion: str | None = None
    status_code: str | None = None
    input: str | None = None
    output: str | None = None


def update(ground: Ground, actor: Actor, task_id: str, change: TaskChange) -> Task:
    """Write what was sent, on finished tasks too.

    A state that ends a task takes it from whoever runs it, and releases or fails its dependents.
    ConflictError for a state that would set an ended task going again, or start one by hand, and for
    another input of a task that has not ended: it runs with the rights of whoever submitted it, and what
    it does was checked then.
    """
    ended: list[str] = []
    with ground.database.begin() as connection:
        task_id = task_id.upper()
        found = store.lock(connection, [task_id])
        task = _seen(actor, found[0] if found else None, task_id)
        if change.input is not None and not task.state.finished:
            raise ConflictError(
                f'The task "{task_id}" is {task.state}: its input cannot be changed before it has ended.',
                suggestion="Set the task to failed, and submit the operation with the other input.",
            )
        values = _changed_columns(ground, task, change)
        if change.state not in (None, task.state):
            if not change.state.finished:
                raise ConflictError(
                    f'The task "{task_id}" is {task.state} and cannot be set to "{change.state}".',
                    suggestion="Set succeeded or failed, or submit the operation as a new task.",
                )
            if not task.state.finished:
                ended = queue.end(connection, ground.blobs, task, Ending(change.state))
            values["state"] = change.state
        store.change(connection, task_id, values)
        changed = store.find(connection, task_id)
    for ended_id in ended:
        ground.changes.report("task", ended_id)
    assert changed is not None, "a task vanished while it was locked"
    return changed


def input_of(ground: Ground, task: Task) -> Any:
    """The task's input, a JSON value, with whatever secrets it holds."""
    if task.input is None:
        return None
    return json.loads(ground.vault.open(task.input, store.place(task.id, "input")))


def output_of(ground: Ground, task: Task) -> str | None:
    """The task's output: JSON text if `output_is_json`, else base64."""
    if task.output is None:
        return None
    return ground.vault.open(task.output, store.place(task.id, "output")).decode()


def may_see(actor: Actor, task: Task) -> bool:
    """Whether a task is the actor's own, and within reach of its key."""
    if task.user_id != actor.user_id:
        return False
    return actor.reach is Reach.USER or (
        task.workspace_id is not None and actor.reaches_workspace(task.workspace_id)
    )


def missing(task_id: str, hidden: Task | None = None) -> NotFoundError:
    """What everybody is told about a task that is not there, or not theirs, which is `hidden` then."""
    return NotFoundError(
        f'there is no task "{task_id[:100]}".',
        suggestion="Use the task id that the engine answered with when the task was submitted.",
        hides=None if hidden is None else Subject("task", hidden.id),
    )


def _seen(actor: Actor, task: Task | None, task_id: str) -> Task:
    if task is None or not may_see(actor, task):
        raise missing(task_id, task)
    return task


def _changed_columns(ground: Ground, task: Task, change: TaskChange) -> dict[str, Any]:
    sent = {
        "status_message": change.status_message,
        "status_suggestion": change.status_suggestion,
        "status_code": change.status_code,
    }
    values: dict[str, Any] = {name: value for name, value in sent.items() if value is not None}
    for name, text in (("input", change.input), ("output", change.output)):
        if text is not None:
            values[name] = ground.vault.seal(text.encode(), store.place(task.id, name))
    if change.output is not None:
        values["output_is_json"] = True
    return values


def _unfinished(connection: Connection, actor: Actor, wanted: Sequence[str]) -> list[str]:
    needs = list(dict.fromkeys(task_id.upper() for task_id in wanted))
    found = {task.id: task for task in store.lock(connection, needs)}
    for task_id in needs:
        task = found.get(task_id)
        if task is None or not may_see(actor, task):
            raise missing(task_id, task)
        if task.state is TaskState.FAILED:
            raise ConflictError(
                f'At least one dependent already failed: the task "{task_id}".',
                suggestion=f'Look at the task "{task_id}", then submit without it.',
            )
    return [task_id for task_id in needs if not found[task_id].state.finished]
