"""Who runs which task: claims under a lease, renewals, endings.

A lease is `(owner, attempts)`: every claim counts `attempts` up, so of two that believe to hold a
task only the later one can end it. Leases are measured with the database's clock where several
engines share one (PostgreSQL), so that their own clocks need not agree.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, func, or_, select, update

from steamship_engine.model.nouns import Task
from steamship_engine.model.states import TaskState
from steamship_engine.store import rows
from steamship_engine.store import tasks as store
from steamship_engine.store.blobs import Blobs
from steamship_engine.store.columns import now
from steamship_engine.store.schema import task_dependencies, tasks

MOST_ATTEMPTS = 3
"""A task whose engine died under it this often is not tried again."""


@dataclass(frozen=True)
class Lease:
    """The right to end a task. It is lost when the task was claimed again, or ended otherwise."""

    task_id: str
    owner: str
    attempts: int


@dataclass(frozen=True)
class Ending:
    """How a task ends. `output` is sealed."""

    state: TaskState
    output: bytes | None = None
    output_is_json: bool = False
    message: str | None = None
    suggestion: str | None = None
    code: str | None = None


@dataclass(frozen=True)
class Kind:
    """Tasks of these operations, or with `others` of all but these."""

    operations: frozenset[str]
    others: bool = False

    def condition(self) -> ColumnElement[bool]:
        """For a query's `where`."""
        column = tasks.c.operation
        return column.not_in(self.operations) if self.others else column.in_(self.operations)


ANY = Kind(frozenset(), others=True)


def clock(connection: Connection) -> datetime:
    """The moment by which leases are measured."""
    if connection.dialect.name == "postgresql":
        moment: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
        return moment.astimezone(UTC)
    return now()


def next_due(connection: Connection, kind: Kind = ANY) -> datetime | None:
    """When the next waiting task of that kind may start; it may be past."""
    query = select(tasks.c.run_after).where(_ready(), kind.condition()).order_by(tasks.c.run_after).limit(1)
    return connection.execute(query).scalar_one_or_none()


def unfinished(connection: Connection) -> dict[TaskState, int]:
    """How many tasks have not ended, by state; none: the state is not there."""
    query = (
        select(tasks.c.state, func.count())
        .where(tasks.c.state.in_((TaskState.WAITING, TaskState.RUNNING)))
        .group_by(tasks.c.state)
    )
    return {TaskState(state): count for state, count in connection.execute(query)}


def claim(connection: Connection, owner: str, lease: timedelta, most: int, kind: Kind = ANY) -> list[Task]:
    """Take up to `most` due tasks of that kind, longest due first; they are `running` and leased to `owner`."""
    moment = clock(connection)
    due = (
        select(tasks.c.id)
        .where(_ready(), kind.condition(), tasks.c.run_after <= moment)
        .order_by(tasks.c.run_after, tasks.c.seq)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    ids = list(connection.execute(due).scalars())
    if not ids:
        return []
    connection.execute(
        update(tasks)
        .where(tasks.c.id.in_(ids))
        .values(
            state=TaskState.RUNNING,
            lease_owner=owner,
            lease_until=moment + lease,
            attempts=tasks.c.attempts + 1,
            started_at=moment,
            updated_at=moment,
        )
    )
    found = select(tasks).where(tasks.c.id.in_(ids)).order_by(tasks.c.run_after, tasks.c.seq)
    return rows.every(connection, Task, found)


def renew(connection: Connection, held: Collection[Lease], lease: timedelta) -> set[Lease]:
    """Prolong leases; those that still held."""
    if not held:
        return set()
    until = clock(connection) + lease
    return {one for one in held if _write(connection, one, {"lease_until": until})}


def give_back(connection: Connection, lease: Lease) -> bool:
    """Return a task that was not finished; the try does not count. False if the lease was lost."""
    return _write(
        connection,
        lease,
        {
            "state": TaskState.WAITING,
            "lease_owner": None,
            "lease_until": None,
            "attempts": tasks.c.attempts - 1,
            "updated_at": now(),
        },
    )


def finish(connection: Connection, blobs: Blobs, lease: Lease, ending: Ending) -> list[str]:
    """End a task under its lease, and release or fail what waits for it; the ids of all that ended.

    An empty list says that the lease was lost, and that nothing was written.
    """
    held = select(tasks).where(_held(lease)).with_for_update()
    task = rows.first(connection, Task, held)
    return [] if task is None else end(connection, blobs, task, ending)


def end(connection: Connection, blobs: Blobs, task: Task, ending: Ending) -> list[str]:
    """End an unfinished task that the transaction has locked, whoever runs it; the ids of all that ended."""
    _close(connection, blobs, task, ending)
    if ending.state is TaskState.FAILED:
        return [task.id, *_fail_dependents(connection, blobs, task.id)]
    released = select(task_dependencies.c.task_id).where(task_dependencies.c.needs_id == task.id)
    dependents = store.lock(connection, list(connection.execute(released).scalars()))
    connection.execute(
        update(tasks)
        .where(tasks.c.id.in_([dependent.id for dependent in dependents]))
        .values(waiting_for=tasks.c.waiting_for - 1)
    )
    connection.execute(delete(task_dependencies).where(task_dependencies.c.needs_id == task.id))
    return [task.id]


def reclaim(
    connection: Connection, blobs: Blobs, owner: str, held: Collection[str], *, alone: bool
) -> list[str]:
    """Return tasks whose holders are gone to `waiting`; the ids of those that failed instead.

    `owner` holds the tasks of the ids `held` and no others. Another holder is gone when its lease has
    run out or, where this engine is `alone` on its database, in any case. A task that has used up its
    attempts fails.
    """
    elsewhere = tasks.c.lease_owner != owner
    if not alone:
        elsewhere = and_(elsewhere, tasks.c.lease_until < clock(connection))
    dropped = and_(tasks.c.lease_owner == owner, tasks.c.id.not_in(held))
    gone = and_(tasks.c.state == TaskState.RUNNING, or_(elsewhere, dropped))
    lost = select(tasks).where(gone).order_by(tasks.c.seq).with_for_update(skip_locked=True)
    failed: list[str] = []
    for task in rows.every(connection, Task, lost):
        if task.attempts >= MOST_ATTEMPTS:
            failed += end(connection, blobs, task, _exhausted(task))
        else:
            values = {"state": TaskState.WAITING, "lease_owner": None, "lease_until": None}
            store.change(connection, task.id, values)
    return failed


def forget_workspace(connection: Connection, blobs: Blobs, workspace_id: str) -> list[str]:
    """Before a workspace goes: let go of its tasks' uploads, and fail tasks elsewhere that wait for them."""
    unfinished = (TaskState.WAITING, TaskState.RUNNING)
    inside = select(tasks).where(tasks.c.workspace_id == workspace_id, tasks.c.state.in_(unfinished))
    gone = Ending(TaskState.FAILED, message="Its workspace was deleted.", code="NotFound")
    ended: dict[str, None] = {}
    for task in rows.every(connection, Task, inside.order_by(tasks.c.seq).with_for_update()):
        # One that ended with a task it waits for has let go of its upload then.
        if task.id not in ended:
            ended.update(dict.fromkeys(end(connection, blobs, task, gone)))
    return list(ended)


def _ready() -> Any:
    return and_(tasks.c.state == TaskState.WAITING, tasks.c.waiting_for == 0)


def _held(lease: Lease) -> Any:
    return and_(
        tasks.c.id == lease.task_id,
        tasks.c.state == TaskState.RUNNING,
        tasks.c.lease_owner == lease.owner,
        tasks.c.attempts == lease.attempts,
    )


def _write(connection: Connection, lease: Lease, values: dict[str, Any]) -> bool:
    written = update(tasks).where(_held(lease)).values(values)
    return connection.execute(written).rowcount == 1


def _close(connection: Connection, blobs: Blobs, task: Task, ending: Ending) -> None:
    if task.upload is not None:
        blobs.release(connection, task.upload["digest"])
    store.change(
        connection,
        task.id,
        {
            "state": ending.state,
            "output": ending.output,
            "output_is_json": ending.output_is_json,
            "status_message": ending.message,
            "status_suggestion": ending.suggestion,
            "status_code": ending.code,
            "lease_owner": None,
            "lease_until": None,
            "upload": None,
        },
    )


def _fail_dependents(connection: Connection, blobs: Blobs, failed_id: str) -> list[str]:
    """Fail everything downstream of a failed task."""
    locked: dict[str, Task] = {}
    # Somebody may have added a dependent to one of these before it was locked: look until none is new.
    while new := set(_downstream(connection, failed_id)) - locked.keys():
        locked |= {task.id: task for task in store.lock(connection, new)}
    ending = Ending(
        TaskState.FAILED,
        message=f'The task "{failed_id}" failed, and this one depends on it.',
        suggestion=f'Look at the task "{failed_id}", then submit this one again.',
        code="Conflict",
    )
    unfinished = [task for task in locked.values() if not task.state.finished]
    for task in unfinished:
        _close(connection, blobs, task, ending)
    return [task.id for task in unfinished]


def _downstream(connection: Connection, task_id: str) -> Sequence[str]:
    edges = task_dependencies
    reached = select(edges.c.task_id).where(edges.c.needs_id == task_id).cte("reached", recursive=True)
    reached = reached.union(select(edges.c.task_id).where(edges.c.needs_id == reached.c.task_id))
    return connection.execute(select(reached.c.task_id)).scalars().all()


def _exhausted(task: Task) -> Ending:
    return Ending(
        TaskState.FAILED,
        message=f"The engine stopped {task.attempts} times while this task was running; it is not tried again.",
        suggestion="Look at what the task does, then submit it again.",
        code="Unavailable",
    )
