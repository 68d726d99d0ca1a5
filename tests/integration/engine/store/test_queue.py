"""The queue: claims, leases, endings, dependents."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest

from steamship_engine.control import tasks, workspaces
from steamship_engine.model.errors import ConflictError, NotFoundError
from steamship_engine.model.nouns import Task, TaskUpload
from steamship_engine.model.states import TaskState
from steamship_engine.store import queue
from steamship_engine.store import tasks as store
from steamship_engine.store.blobs import BlobError
from steamship_engine.store.columns import now
from steamship_engine.store.queue import Ending, Lease
from tests.services.grounds import add_workspace

MINUTE = timedelta(minutes=1)
SUCCESS = Ending(TaskState.SUCCEEDED, b"sealed", output_is_json=True)
FAILURE = Ending(TaskState.FAILED, message="It broke.")


@pytest.fixture
def submit(ground, alice):
    """Submit an operation of Alice's that does nothing."""

    def submit(**more) -> Task:
        values = {"operation": "task/noop", "input": {}, "request_id": "R", "workspace_id": None, **more}
        with ground.database.begin() as connection:
            return tasks.submit(ground, connection, alice, **values)

    return submit


def state(ground, task: Task) -> TaskState:
    with ground.database.read() as connection:
        found = store.find(connection, task.id)
    assert found is not None
    return found.state


def claim(ground, owner: str = "one", lease: timedelta = MINUTE, most: int = 10) -> list[Lease]:
    with ground.database.begin() as connection:
        claimed = queue.claim(connection, owner, lease, most)
    return [Lease(task.id, owner, task.attempts) for task in claimed]


def finish(ground, lease: Lease, ending: Ending = SUCCESS) -> list[str]:
    with ground.database.begin() as connection:
        return queue.finish(connection, ground.blobs, lease, ending)


def reclaim(ground, owner: str, held=(), *, alone: bool) -> list[str]:
    with ground.database.begin() as connection:
        return queue.reclaim(connection, ground.blobs, owner, held, alone=alone)


def test_a_task_is_claimed_once(ground, submit):
    """Two claims never get the same task, and the longest due comes first."""
    first, second = submit(), submit()
    assert [lease.task_id for lease in claim(ground, most=1)] == [first.id]
    assert [lease.task_id for lease in claim(ground, "two")] == [second.id]
    assert claim(ground, "three") == []
    assert state(ground, first) is TaskState.RUNNING


def test_unfinished_tasks_are_counted_by_state(ground, submit):
    """Waiting and running tasks are counted, ended ones are not, and a state that no task has is not there."""

    def counts() -> dict[TaskState, int]:
        with ground.database.read() as connection:
            return queue.unfinished(connection)

    assert counts() == {}
    for _ in range(3):
        submit()
    lease, _ = claim(ground, most=2)
    assert counts() == {TaskState.WAITING: 1, TaskState.RUNNING: 2}
    finish(ground, lease)
    assert counts() == {TaskState.WAITING: 1, TaskState.RUNNING: 1}


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_a_claim_locks_nobody_out(ground, submit):
    """A claim passes over tasks that another transaction is just claiming (SQLite has one at a time)."""
    first, second = submit(), submit()
    with ground.database.begin() as holding:
        taken = queue.claim(holding, "one", MINUTE, 1)
        assert [task.id for task in taken] == [first.id]
        assert [lease.task_id for lease in claim(ground, "two")] == [second.id]


def test_a_task_starts_no_sooner_than_wanted(ground, submit):
    """A task with a moment in the future is not due, and the queue says when it will be."""
    later = now() + timedelta(hours=1)
    submit(run_after=later)
    assert claim(ground) == []
    with ground.database.read() as connection:
        assert queue.next_due(connection) == later


def test_a_zombie_cannot_end_a_task(ground, submit):
    """Who lost its lease writes nothing: not the output, not the dependents; the later holder does."""
    task = submit()
    dependent = submit(depends_on=[task.id])
    [late] = claim(ground, lease=timedelta(seconds=-1))
    assert reclaim(ground, "two", alone=False) == []
    [holder] = claim(ground, "two")
    assert (holder.task_id, holder.attempts) == (task.id, 2)
    assert finish(ground, late, FAILURE) == []
    assert state(ground, dependent) is TaskState.WAITING
    assert finish(ground, holder) == [task.id]
    assert finish(ground, late) == []
    assert state(ground, task) is TaskState.SUCCEEDED


def test_attempts_tell_two_leases_of_one_owner_apart(ground, submit):
    """An owner's earlier lease of the same task is no longer good."""
    submit()
    [early] = claim(ground)
    reclaim(ground, "one", held=[], alone=True)
    [late] = claim(ground)
    assert finish(ground, early) == []
    assert finish(ground, late) != []


def test_leases_that_hold_are_kept(ground, submit):
    """A running task within its lease stays with its holder; renewals say which leases held."""
    submit()
    [lease] = claim(ground)
    assert reclaim(ground, "two", alone=False) == []
    with ground.database.begin() as connection:
        assert queue.renew(connection, [lease, Lease("X", "one", 1)], MINUTE) == {lease}
    assert claim(ground, "two") == []


def test_an_engine_alone_takes_over_at_once(ground, submit):
    """On a database of its own, a new engine does not wait for the dead one's leases to run out."""
    submit()
    [dead] = claim(ground, "first boot", timedelta(hours=1))
    reclaim(ground, "second boot", alone=True)
    [lease] = claim(ground, "second boot")
    assert lease.task_id == dead.task_id


def test_a_task_that_kills_engines_is_given_up(ground, submit):
    """After three engines died under it a task fails, with its dependents."""
    task = submit()
    dependent = submit(depends_on=[task.id])
    for boot in ("1", "2", "3"):
        assert len(claim(ground, boot)) == 1
        failed = reclaim(ground, f"after {boot}", alone=True)
    assert set(failed) == {task.id, dependent.id}
    with ground.database.read() as connection:
        found = store.find(connection, task.id)
    assert found.state is TaskState.FAILED
    assert "stopped 3 times" in found.status_message


def test_a_task_given_back_has_not_used_a_try(ground, submit):
    """A drained engine returns tasks as if it had never claimed them."""
    submit()
    for _ in range(5):
        [lease] = claim(ground)
        assert lease.attempts == 1
        with ground.database.begin() as connection:
            assert queue.give_back(connection, lease)


def test_dependents_wait_for_all(ground, submit):
    """A task starts when the last of its needs has succeeded."""
    first, second = submit(), submit()
    last = submit(depends_on=[first.id, second.id, first.id.lower()])
    one, two = claim(ground)
    finish(ground, one)
    assert claim(ground) == []
    finish(ground, two)
    assert [lease.task_id for lease in claim(ground)] == [last.id]


def test_failure_goes_down_the_whole_line(ground, submit):
    """All that depends on a failed task fails, and says on which; others go on."""
    task = submit()
    child = submit(depends_on=[task.id])
    grandchild = submit(depends_on=[child.id])
    stranger = submit()
    lease = next(lease for lease in claim(ground) if lease.task_id == task.id)
    assert set(finish(ground, lease, FAILURE)) == {task.id, child.id, grandchild.id}
    with ground.database.read() as connection:
        found = store.find(connection, grandchild.id)
    assert found.status_message == f'The task "{task.id}" failed, and this one depends on it.'
    assert state(ground, stranger) is TaskState.RUNNING


def test_needs_that_have_ended(ground, submit):
    """A succeeded need is no need; a failed one refuses the submission in the original's words."""
    good, bad = submit(), submit()
    one, two = claim(ground)
    finish(ground, one)
    finish(ground, two, FAILURE)
    assert submit(depends_on=[good.id]).waiting_for == 0
    with pytest.raises(ConflictError, match="At least one dependent already failed"):
        submit(depends_on=[good.id, bad.id])


def test_needs_of_nobody_and_of_others(ground, alice, bob, submit):
    """Another user's task is as unknown as one that does not exist; both are named."""
    task = submit()
    for needed in (task.id, "NOT-A-TASK"):
        with pytest.raises(NotFoundError, match=needed), ground.database.begin() as connection:
            tasks.submit(
                ground,
                connection,
                bob,
                operation="task/noop",
                input={},
                request_id="R",
                workspace_id=None,
                depends_on=[needed],
            )


def test_uploads_go_with_their_task(ground, submit, tmp_path):
    """A task's uploaded bytes are there until it ends, however it ends."""
    digests = []
    for name in (b"succeeds", b"fails", b"depends"):
        path = tmp_path / "upload"
        path.write_bytes(name)
        digest = hashlib.sha256(name).hexdigest()
        with ground.blobs.placed(path, digest, len(name)) as placed, ground.database.begin() as connection:
            ground.blobs.keep(connection, placed)
        digests.append(digest)
    uploads = [TaskUpload(digest, 7, None, None) for digest in digests]
    submit(upload=uploads[0])
    failing = submit(upload=uploads[1])
    submit(upload=uploads[2], depends_on=[failing.id])
    one, two = claim(ground)
    for digest in digests:
        assert ground.blobs.read(digest)
    finish(ground, one)
    finish(ground, two, FAILURE)
    for digest in digests:
        with pytest.raises(BlobError):
            ground.blobs.read(digest)


def test_nothing_of_an_input_lies_open(ground, submit):
    """Input and output are sealed in the row."""
    task = submit(input={"config": {"token": "canary-1"}})
    with ground.database.read() as connection:
        row = connection.exec_driver_sql("SELECT * FROM tasks").first()
    assert all(b"canary-1" not in bytes(str(value), "utf-8", "replace") for value in row)
    assert tasks.input_of(ground, task) == {"config": {"token": "canary-1"}}


def test_a_deleted_workspace_takes_its_tasks(ground, alice, submit):
    """Tasks of a deleted workspace are gone; those elsewhere that waited for them fail."""
    workspace = add_workspace(ground, alice, "here")
    inside = submit(workspace_id=workspace.id)
    elsewhere = submit(depends_on=[inside.id])
    workspaces.delete(ground, alice, workspace.id)
    assert state(ground, elsewhere) is TaskState.FAILED
    with ground.database.read() as connection:
        assert store.find(connection, inside.id) is None
