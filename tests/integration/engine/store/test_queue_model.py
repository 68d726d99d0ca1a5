"""The queue against a model in memory: whatever happens, every task ends exactly once."""

from __future__ import annotations

import tempfile
from collections.abc import Collection
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, precondition, rule

from steamship_engine.control import tasks
from steamship_engine.control.actor import Actor, Reach
from steamship_engine.control.ground import Changes
from steamship_engine.model.errors import ConflictError
from steamship_engine.model.identifiers import new_id
from steamship_engine.model.states import TaskState
from steamship_engine.store import queue, users
from steamship_engine.store import tasks as store
from steamship_engine.store.blobs import Blobs
from steamship_engine.store.database import Database
from steamship_engine.store.queue import Ending, Lease
from steamship_engine.store.schema import metadata
from steamship_engine.store.vault import Vault


class Queue(RuleBasedStateMachine):
    """Tasks are submitted, claimed, ended, given back and lost with their engine, in any order."""

    submitted = Bundle("submitted")

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        database = Database(f"sqlite:///{self.folder.name}/engine.db")
        metadata.create_all(database.engine)
        self.ground = SimpleNamespace(
            database=database,
            blobs=Blobs(f"file://{Path(self.folder.name)}/blobs", database),
            vault=Vault("a secret key of the tests, long enough"),
            changes=Changes(),
        )
        self.actor = Actor(new_id(), "alice", Reach.USER)
        with database.begin() as connection:
            users.insert(connection, user_id=self.actor.user_id, handle="alice", is_admin=False)
        self.states: dict[str, TaskState] = {}
        self.needs: dict[str, set[str]] = {}
        self.attempts: dict[str, int] = {}
        self.ended: list[str] = []
        self.held: dict[str, Lease] = {}
        self.stale: list[Lease] = []
        self.boot = 1

    def teardown(self) -> None:
        self.ground.database.close()
        self.folder.cleanup()

    @rule(target=submitted, needs=st.lists(submitted, max_size=3))
    def submit(self, needs):
        with self.ground.database.begin() as connection:
            try:
                task = tasks.submit(
                    self.ground,
                    connection,
                    self.actor,
                    operation="task/noop",
                    input={},
                    request_id="R",
                    workspace_id=None,
                    depends_on=needs,
                )
            except ConflictError:
                assert any(self.states[needed] is TaskState.FAILED for needed in needs)
                return needs[0]
        assert all(self.states[needed] is not TaskState.FAILED for needed in needs)
        self.states[task.id] = TaskState.WAITING
        self.needs[task.id] = set(needs)
        self.attempts[task.id] = 0
        return task.id

    @rule(most=st.integers(1, 3))
    def claim(self, most):
        with self.ground.database.begin() as connection:
            claimed = queue.claim(connection, f"boot {self.boot}", timedelta(hours=1), most)
        ready = [task_id for task_id in self.states if self._is_ready(task_id)]
        assert len(claimed) == min(most, len(ready))
        for task in claimed:
            assert task.id in ready
            self.attempts[task.id] += 1
            assert task.attempts == self.attempts[task.id]
            self.states[task.id] = TaskState.RUNNING
            self.held[task.id] = Lease(task.id, f"boot {self.boot}", task.attempts)

    @precondition(lambda self: self.held)
    @rule(data=st.data(), succeeds=st.booleans())
    def finish(self, data, succeeds):
        task_id = data.draw(st.sampled_from(self._in_order(self.held)))
        ended = self._finish(self.held.pop(task_id), succeeds)
        if succeeds:
            assert ended == [task_id]
            self._end(task_id, TaskState.SUCCEEDED)
        else:
            assert set(ended) == self._fail(task_id)

    @precondition(lambda self: self.stale)
    @rule(data=st.data())
    def finish_too_late(self, data):
        assert self._finish(data.draw(st.sampled_from(self.stale)), succeeds=True) == []

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def give_back(self, data):
        task_id = data.draw(st.sampled_from(self._in_order(self.held)))
        with self.ground.database.begin() as connection:
            assert queue.give_back(connection, self.held.pop(task_id))
        self.states[task_id] = TaskState.WAITING
        self.attempts[task_id] -= 1

    @rule()
    def kill(self):
        self.boot += 1
        with self.ground.database.begin() as connection:
            failed = queue.reclaim(connection, self.ground.blobs, f"boot {self.boot}", [], alone=True)
        expected: set[str] = set()
        for task_id, lease in self.held.items():
            self.stale.append(lease)
            if self.attempts[task_id] >= queue.MOST_ATTEMPTS:
                expected |= self._fail(task_id)
            else:
                self.states[task_id] = TaskState.WAITING
        self.held.clear()
        assert set(failed) == expected

    @invariant()
    def the_database_agrees(self):
        with self.ground.database.read() as connection:
            for task_id, expected in self.states.items():
                assert store.find(connection, task_id).state is expected

    @invariant()
    def nothing_ends_twice(self):
        assert len(self.ended) == len(set(self.ended))

    def _in_order(self, task_ids: Collection[str]) -> list[str]:
        """As submitted: the ids are others in every run, and what is drawn must not depend on them."""
        return [task_id for task_id in self.states if task_id in task_ids]

    def _is_ready(self, task_id: str) -> bool:
        waits = any(self.states[needed] is not TaskState.SUCCEEDED for needed in self.needs[task_id])
        return self.states[task_id] is TaskState.WAITING and not waits

    def _finish(self, lease: Lease, succeeds: bool) -> list[str]:
        state = TaskState.SUCCEEDED if succeeds else TaskState.FAILED
        with self.ground.database.begin() as connection:
            return queue.finish(connection, self.ground.blobs, lease, Ending(state))

    def _fail(self, task_id: str) -> set[str]:
        self._end(task_id, TaskState.FAILED)
        failed = {task_id}
        for other, needs in self.needs.items():
            if task_id in needs and not self.states[other].finished:
                failed |= self._fail(other)
        return failed

    def _end(self, task_id: str, state: TaskState) -> None:
        self.states[task_id] = state
        self.ended.append(task_id)


TestQueue = Queue.TestCase
TestQueue.settings = settings(
    max_examples=25, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
