"""Tasks and what they wait for, as rows. Who runs them, and when, is `store/queue.py`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from steamship_engine.model.nouns import Task, TaskUpload
from steamship_engine.model.states import TaskState
from steamship_engine.store import rows
from steamship_engine.store.columns import now
from steamship_engine.store.rows import Page, Paging
from steamship_engine.store.schema import task_dependencies, tasks


def add(
    connection: Connection,
    *,
    task_id: str,
    user_id: str,
    workspace_id: str | None,
    operation: str,
    actor: dict[str, Any],
    request_id: str,
    sealed_input: bytes,
    run_after: datetime | None,
    needs: Sequence[str],
    upload: TaskUpload | None,
) -> Task:
    """A new waiting task. `needs` are ids of unfinished tasks that the transaction has locked."""
    moment = now()
    connection.execute(
        insert(tasks).values(
            id=task_id,
            created_at=moment,
            updated_at=moment,
            user_id=user_id,
            workspace_id=workspace_id,
            operation=operation,
            actor=actor,
            request_id=request_id,
            input=sealed_input,
            output_is_json=False,
            state=TaskState.WAITING,
            run_after=run_after or moment,
            attempts=0,
            waiting_for=len(needs),
            upload=None if upload is None else upload.to_json(),
        )
    )
    if needs:
        connection.execute(
            insert(task_dependencies), [{"task_id": task_id, "needs_id": needed} for needed in needs]
        )
    task = find(connection, task_id)
    assert task is not None, "a task that was just added is not there"
    return task


def place(task_id: str, field: str) -> str:
    """Where a task's sealed `input` or `output` belongs, for the vault."""
    return f"tasks:{task_id}:{field}"


def find(connection: Connection, task_id: str) -> Task | None:
    """The task of that id."""
    return rows.first(connection, Task, select(tasks).where(tasks.c.id == task_id))


def lock(connection: Connection, task_ids: Collection[str]) -> list[Task]:
    """The tasks of those ids, oldest first, kept as they are until the transaction ends.

    Every transaction locks tasks in this order, so that two of them never wait for each other.
    """
    if not task_ids:
        return []
    query = select(tasks).where(tasks.c.id.in_(task_ids)).order_by(tasks.c.seq).with_for_update()
    return rows.every(connection, Task, query)


def page(
    connection: Connection,
    user_id: str,
    paging: Paging,
    *,
    workspace_id: str | None = None,
    task_id: str | None = None,
    state: TaskState | None = None,
) -> Page[Task]:
    """A page of a user's tasks, narrowed by what is given."""
    query = select(tasks).where(tasks.c.user_id == user_id)
    for column, wanted in (
        (tasks.c.workspace_id, workspace_id),
        (tasks.c.id, task_id),
        (tasks.c.state, state),
    ):
        if wanted is not None:
            query = query.where(column == wanted)
    return rows.page(connection, Task, tasks, query, paging)


def change(connection: Connection, task_id: str, values: dict[str, Any]) -> None:
    """Write columns of one task, and when that was."""
    connection.execute(update(tasks).where(tasks.c.id == task_id).values({**values, "updated_at": now()}))
