"""The loop: runs what is due, once; keeps leases; drains; takes over."""

from __future__ import annotations

import asyncio
import random
import threading
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from steamship_engine.control import tasks
from steamship_engine.model.errors import InvalidRequestError, SteamshipError
from steamship_engine.model.nouns import Task
from steamship_engine.model.states import TaskState
from steamship_engine.store import queue
from steamship_engine.store import tasks as store
from steamship_engine.store.columns import now
from steamship_engine.store.schema import tasks as table
from steamship_engine.tasks.loop import Pace, TaskLoop
from steamship_engine.tasks.outcome import Outcome
from steamship_engine.tasks.threads import in_thread
from steamship_engine.tasks.waiting import Waiting

PATIENCE_S = 20.0
QUICK = Pace(concurrency=4, lease_s=0.6, poll_s=0.05)


@pytest.fixture
def submit(ground, alice):
    def submit(name: str = "x", **more) -> str:
        with ground.database.begin() as connection:
            task = tasks.submit(
                ground,
                connection,
                alice,
                operation=name,
                input={},
                request_id="R",
                workspace_id=None,
                **more,
            )
        return task.id

    return submit


@pytest.fixture
def loop_of(ground):
    """Make a loop that hears of the ground's changes."""

    def make(execute, owner: str = "boot", *, alone: bool = True, pace: Pace = QUICK) -> TaskLoop:
        made = TaskLoop(
            database=ground.database,
            blobs=ground.blobs,
            vault=ground.vault,
            execute=execute,
            report=ground.changes.report,
            owner=owner,
            alone=alone,
            pace=pace,
        )
        ground.changes.listen(made.notice)
        return made

    return make


def found(ground, task_id: str) -> Task:
    with ground.database.read() as connection:
        task = store.find(connection, task_id)
    assert task is not None
    return task


async def ended(ground, *task_ids: str) -> list[Task]:
    waiting = Waiting(ground.database)
    ground.changes.listen(waiting.notice)
    return list(await asyncio.gather(*(waiting.wait(task_id, PATIENCE_S) for task_id in task_ids)))


async def succeed(task: Task) -> Outcome:
    return Outcome('{"done": true}')


def run(scenario: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(scenario(), 2 * PATIENCE_S))


def test_a_submitted_task_succeeds(ground, submit, loop_of):
    """A task runs soon after its submission, and its output is sealed and kept."""

    async def scenario():
        loop = loop_of(succeed, pace=Pace(poll_s=PATIENCE_S))
        await loop.start()
        task_id = await asyncio.to_thread(submit)
        [task] = await ended(ground, task_id)
        await loop.stop(0)
        assert task.state is TaskState.SUCCEEDED
        assert tasks.output_of(ground, task) == '{"done": true}'
        assert b"done" not in task.output

    run(scenario)


def test_errors_become_the_status(ground, submit, loop_of):
    """An error of ours fails the task with its words; any other says nothing but the request id."""

    async def execute(task: Task) -> Outcome:
        if task.operation == "ours":
            raise InvalidRequestError("It is wrong.", suggestion="Do better.")
        raise KeyError("internal detail")

    async def scenario():
        loop = loop_of(execute)
        await loop.start()
        ours, theirs = await ended(ground, submit("ours"), submit("theirs"))
        await loop.stop(0)
        assert (ours.status_message, ours.status_suggestion) == ("It is wrong.", "Do better.")
        assert ours.status_code == "InvalidRequest"
        assert theirs.status_code == SteamshipError.code
        assert "internal detail" not in theirs.status_message
        assert "request id R" in theirs.status_suggestion

    run(scenario)


def test_dependents_follow_at_once(ground, submit, loop_of):
    """The end of one task starts the next without waiting for the loop's own look."""
    order: list[str] = []

    async def execute(task: Task) -> Outcome:
        order.append(task.operation)
        return Outcome("{}")

    async def scenario():
        loop = loop_of(execute, pace=Pace(poll_s=PATIENCE_S))
        first = submit("first")
        second = submit("second", depends_on=[first])
        third = submit("third", depends_on=[first, second])
        await loop.start()
        await ended(ground, third)
        await loop.stop(0)
        assert order == ["first", "second", "third"]

    run(scenario)


def test_run_after(ground, submit, loop_of):
    """A task with a moment starts at that moment, not before, though nothing rings then."""

    async def scenario():
        loop = loop_of(succeed, pace=Pace(poll_s=PATIENCE_S))
        await loop.start()
        moment = now() + timedelta(seconds=0.3)
        [task] = await ended(ground, await asyncio.to_thread(submit, run_after=moment))
        await loop.stop(0)
        assert task.started_at >= moment

    run(scenario)


def test_no_more_than_its_concurrency(ground, submit, loop_of):
    """The loop never runs more tasks at once than it may, and uses every place."""
    running = most = 0

    async def execute(task: Task) -> Outcome:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.02)
        running -= 1
        return Outcome("{}")

    async def scenario():
        loop = loop_of(execute)
        ids = [submit() for _ in range(12)]
        await loop.start()
        await ended(ground, *ids)
        await loop.stop(0)
        assert most == QUICK.concurrency

    run(scenario)


def test_a_long_task_keeps_its_lease(ground, submit, loop_of):
    """A task that runs for several leases is not started a second time by another engine."""
    starts: list[str] = []

    async def execute(task: Task) -> Outcome:
        starts.append(task.id)
        await asyncio.sleep(3 * QUICK.lease_s)
        return Outcome("{}")

    async def scenario():
        one = loop_of(execute, "one", alone=False)
        two = loop_of(execute, "two", alone=False)
        await one.start()
        await two.start()
        [task] = await ended(ground, submit())
        await one.stop(0)
        await two.stop(0)
        assert task.state is TaskState.SUCCEEDED
        assert len(starts) == 1

    run(scenario)


def test_a_zombies_outcome_is_dropped(ground, submit, loop_of, monkeypatch):
    """Where an engine stopped renewing, another runs the task, and the first one's late end is refused."""
    zombie_may_end = asyncio.Event()

    async def stuck(task: Task) -> Outcome:
        try:
            await zombie_may_end.wait()
        except asyncio.CancelledError:
            await zombie_may_end.wait()
        return Outcome('"zombie"')

    async def right(task: Task) -> Outcome:
        return Outcome('"right"')

    async def scenario():
        # One place, which the stuck task keeps: what it has lost it does not claim again.
        one = replace(QUICK, concurrency=1, calls=1)
        zombie = loop_of(stuck, "zombie", alone=False, pace=one)
        monkeypatch.setattr(zombie, "_renew", set)
        await zombie.start()
        task_id = await asyncio.to_thread(submit)
        while found(ground, task_id).state is TaskState.WAITING:
            await asyncio.sleep(0.01)
        other = loop_of(right, "other", alone=False)
        await other.start()
        [task] = await ended(ground, task_id)
        zombie_may_end.set()
        await zombie.stop(PATIENCE_S)
        await other.stop(0)
        assert tasks.output_of(ground, found(ground, task_id)) == '"right"'
        assert task.attempts == 2

    run(scenario)


def test_a_drain_lets_tasks_end_or_returns_them(ground, submit, loop_of):
    """At a stop, what ends within the grace ends; the rest waits again, without having used a try."""
    gate = asyncio.Event()

    async def execute(task: Task) -> Outcome:
        await (asyncio.sleep(0.1) if task.operation == "short" else gate.wait())
        return Outcome("{}")

    async def scenario():
        loop = loop_of(execute)
        short, long = submit("short"), submit("long")
        await loop.start()
        while found(ground, long).state is TaskState.WAITING:
            await asyncio.sleep(0.01)
        await loop.stop(1)
        assert found(ground, short).state is TaskState.SUCCEEDED
        left = found(ground, long)
        assert (left.state, left.attempts, left.lease_owner) == (TaskState.WAITING, 0, None)

    run(scenario)


def test_threads_do_not_hold_a_stop_up(ground, submit, loop_of):
    """Blocking work that never ends is left behind when the engine stops."""
    release = threading.Event()

    async def execute(task: Task) -> Outcome:
        await in_thread(lambda: release.wait(PATIENCE_S), "stuck")
        return Outcome("{}")

    async def scenario():
        loop = loop_of(execute)
        task_id = submit()
        await loop.start()
        while found(ground, task_id).state is TaskState.WAITING:
            await asyncio.sleep(0.01)
        await asyncio.wait_for(loop.stop(0), 5)
        assert found(ground, task_id).state is TaskState.WAITING
        release.set()

    run(scenario)


def test_a_new_boot_takes_over(ground, submit, loop_of):
    """A loop that starts alone on its database runs at once what a dead engine had claimed."""

    async def scenario():
        task_id = submit()
        with ground.database.begin() as connection:
            queue.claim(connection, "dead", timedelta(days=1), 5)
        loop = loop_of(succeed)
        await loop.start()
        [task] = await ended(ground, task_id)
        await loop.stop(0)
        assert (task.state, task.attempts) == (TaskState.SUCCEEDED, 2)

    run(scenario)


def test_two_engines_share_one_queue(ground, submit, loop_of):
    """Tasks with tangled needs, submitted while two loops run, all end, each run by one loop only."""
    runs: Counter[str] = Counter()
    ids: list[str] = []
    lock = threading.Lock()

    async def execute(task: Task) -> Outcome:
        runs[task.id] += 1
        return Outcome("{}")

    def submit_some(seed: int) -> None:
        chance = random.Random(seed)
        for _ in range(15):
            with lock:
                needs = chance.sample(ids, min(len(ids), 3))
            task_id = submit(depends_on=needs)
            with lock:
                ids.append(task_id)

    async def scenario():
        pace = Pace(concurrency=4, lease_s=30, poll_s=0.05)
        loops = [loop_of(execute, owner, alone=False, pace=pace) for owner in ("one", "two")]
        for loop in loops:
            await loop.start()
        await asyncio.gather(*(asyncio.to_thread(submit_some, seed) for seed in range(3)))
        await ended(ground, *ids)
        for loop in loops:
            await loop.stop(5)
        with ground.database.read() as connection:
            states = set(connection.execute(select(table.c.state)).scalars())
        assert states == {"succeeded"}
        assert runs == Counter(dict.fromkeys(ids, 1))

    run(scenario)


def test_waiting_gives_up_after_its_time(ground, submit):
    """Who waits for a task that does not end gets it as it is; for none, nothing."""

    async def scenario():
        waiting = Waiting(ground.database)
        task = await waiting.wait(submit(), 0.05)
        assert task.state is TaskState.WAITING
        assert await waiting.wait("NONE", 5) is None

    run(scenario)
