"""Tasks: submitting, looking at and changing them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection

from steamship_engine.control.actor import Actor, Reach
from steamship_engine.control.ground import Ground
from steamship_engine.model.errors import ConflictError, NotFoundError
from steamship_engine.model.identifiers import new_id
from steamship_engine.model.nouns import Task, TaskUpload
from steamship_engine.model.states import TaskState
from steamship_engine.store import tasks as store
from steamship_engine.store.database import after_commit


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
        sealed_input=ground.vault.seal(json.dumps(input).encode(), f"tasks:{task_id}:input"),
        run_after=run_after,
        needs=_unfinished(connection, actor, depends_on),
        upload=upload,
    )
    after_commit(connection, partial(ground.changes.report, "task", task_id))
    return task


def may_see(actor: Actor, task: Task) -> bool:
    """Whether a task is the actor's own, and within reach of its key."""
    if task.user_id != actor.user_id:
        return False
    return actor.reach is Reach.USER or (
        task.workspace_id is not None and actor.reaches_workspace(task.workspace_id)
    )


def missing(task_id: str) -> NotFoundError:
    """What everybody is told about a task that is not there, or not theirs."""
    return NotFoundError(
        f'there is no task "{task_id[:100]}".',
        suggestion="Use the task id that the engine answered with when the task was submitted.",
    )


def _unfinished(connection: Connection, actor: Actor, wanted: Sequence[str]) -> list[str]:
    needs = list(dict.fromkeys(task_id.upper() for task_id in wanted))
    found = {task.id: task for task in store.lock(connection, needs)}
    for task_id in needs:
        task = found.get(task_id)
        if task is None or not may_see(actor, task):
            raise missing(task_id)
        if task.state is TaskState.FAILED:
            raise ConflictError(
                f'At least one dependent already failed: the task "{task_id}".',
                suggestion=f'Look at the task "{task_id}", then submit without it.',
            )
    return [task_id for task_id in needs if not found[task_id].state.finished]
