"""The loop: claims due tasks, runs them, ends them, and keeps their leases alive meanwhile."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from sqlalchemy.exc import SQLAlchemyError

from steamship_engine.model.errors import SteamshipError
from steamship_engine.model.nouns import Task
from steamship_engine.store import queue
from steamship_engine.store import tasks as store
from steamship_engine.store.blobs import Blobs
from steamship_engine.store.database import Database
from steamship_engine.store.queue import Lease
from steamship_engine.store.vault import Vault
from steamship_engine.tasks.outcome import Outcome

_log = logging.getLogger(__name__)
_FINISH_TRIES = 5

Result = TypeVar("Result")
Execute = Callable[[Task], Awaitable[Outcome]]


@dataclass(frozen=True)
class Pace:
    """How the loop runs: how many tasks at once, how long leases hold, how often it looks by itself.

    `concurrency` are those that hold a thread, `calls` those on the event loop, which calls of packages are:
    where they wait for other tasks, they must not be what keeps those from being run.
    """

    concurrency: int = 32
    calls: int = 512
    lease_s: float = 30.0
    poll_s: float = 1.0


class _Lane:
    """The tasks of one kind, and how many of them may run at once."""

    def __init__(self, kind: queue.Kind, places: int) -> None:
        self.kind, self._places = kind, places
        self.running = 0

    @property
    def free(self) -> int:
        return self._places - self.running


class TaskLoop:
    """Runs tasks until it is stopped. All methods but `notice` belong to one event loop."""

    def __init__(
        self,
        *,
        database: Database,
        blobs: Blobs,
        vault: Vault,
        execute: Execute,
        report: Callable[[str, str], None],
        owner: str,
        alone: bool,
        on_loop: Iterable[str] = (),
        pace: Pace | None = None,
    ) -> None:
        """`on_loop` are operations that hold no thread while they are executed. `owner` is new with every start of an engine; `alone`: no other engine uses this database.

        `report("task", id)` is called, from a thread, for each task that has ended.
        """
        self._database = database
        self._blobs = blobs
        self._vault = vault
        self._execute = execute
        self._report = report
        self._owner = owner
        self._alone = alone
        self._pace = pace or Pace()
        self._lease = timedelta(seconds=self._pace.lease_s)
        operations = frozenset(on_loop)
        self._lanes = (
            _Lane(queue.Kind(operations, others=True), self._pace.concurrency),
            _Lane(queue.Kind(operations), self._pace.calls),
        )
        self._running: dict[Lease, asyncio.Task[None]] = {}
        self._bell = asyncio.Event()
        self._stopping = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._parts: list[asyncio.Task[None]] = []
        # Threads of its own: renewals must not queue up behind other people's blocking calls.
        self._threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="tasks")

    async def start(self) -> None:
        """Take over what a dead engine left, then run in the background."""
        self._loop = asyncio.get_running_loop()
        await self._in_thread(self._reclaim, self._held_ids())
        self._parts = [
            asyncio.create_task(self._claiming(), name="tasks: claiming"),
            asyncio.create_task(self._renewing(), name="tasks: renewing"),
        ]

    def notice(self, noun: str, noun_id: str) -> None:
        """Look for due tasks now. May be called from any thread."""
        if noun == "task" and self._loop is not None:
            with suppress(RuntimeError):  # the event loop is closed: nothing is claimed any more
                self._loop.call_soon_threadsafe(self._bell.set)

    async def stop(self, grace_s: float) -> None:
        """Claim nothing more, give running tasks `grace_s` to end, return the rest to `waiting`."""
        self._stopping = True
        self._bell.set()
        if self._parts:
            await self._parts[0]
        if self._running:
            await asyncio.wait(self._running.values(), timeout=grace_s)
        left = dict(self._running)
        for work in left.values():
            work.cancel()
        await asyncio.gather(*left.values(), return_exceptions=True)
        for part in self._parts:
            part.cancel()
        await asyncio.gather(*self._parts, return_exceptions=True)
        if left:
            await self._in_thread(self._give_back, list(left))
        self._threads.shutdown(wait=False)

    async def _claiming(self) -> None:
        last_reclaim = asyncio.get_running_loop().time()
        while not self._stopping:
            self._bell.clear()
            pause = self._pace.poll_s
            try:
                moment = asyncio.get_running_loop().time()
                if moment - last_reclaim >= self._pace.lease_s / 3:
                    last_reclaim = moment
                    await self._in_thread(self._reclaim, self._held_ids())
                for lane in self._lanes:
                    if lane.free > 0:
                        claimed, wait = await self._in_thread(self._claim, lane.free, lane.kind)
                        pause = min(pause, wait)
                        for task in claimed:
                            self._begin(task, lane)
            except SQLAlchemyError:
                _log.exception("the task queue cannot be read; trying again")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._bell.wait(), pause)

    async def _renewing(self) -> None:
        while True:
            await asyncio.sleep(self._pace.lease_s / 3)
            held = list(self._running)
            try:
                kept = await self._in_thread(self._renew, held)
            except SQLAlchemyError:
                _log.exception("task leases cannot be renewed; trying again")
                continue
            for lease in held:
                work = self._running.get(lease)
                if lease not in kept and work is not None:
                    _log.warning("the task %s was taken away while it was running", lease.task_id)
                    work.cancel()

    def _begin(self, task: Task, lane: _Lane) -> None:
        lease = Lease(task.id, self._owner, task.attempts)
        work = asyncio.create_task(self._work(task, lease), name=f"task {task.id}")
        self._running[lease] = work
        lane.running += 1

        def forget(_done: asyncio.Task[None]) -> None:
            self._running.pop(lease, None)
            lane.running -= 1
            self._bell.set()

        work.add_done_callback(forget)

    async def _work(self, task: Task, lease: Lease) -> None:
        outcome = await self._outcome(task)
        for attempt in range(1, _FINISH_TRIES + 1):
            try:
                ended = await self._in_thread(self._finish, lease, outcome)
            except SQLAlchemyError:
                _log.exception("the task %s cannot be ended (try %d)", task.id, attempt)
                await asyncio.sleep(self._pace.poll_s)
            else:
                if not ended:
                    _log.warning("the task %s ended elsewhere; what it gave here is dropped", task.id)
                return
        # The lease is dropped unfinished: `reclaim` returns the task to `waiting`.

    async def _outcome(self, task: Task) -> Outcome:
        try:
            return await self._execute(task)
        except SteamshipError as error:
            return Outcome(error=error)
        except Exception:
            _log.exception("the engine failed at the task %s (%s)", task.id, task.operation)
            return Outcome(
                error=SteamshipError(
                    f'The engine failed while it ran "{task.operation}".',
                    suggestion=f"The engine's log has the reason under the request id {task.request_id}.",
                )
            )

    def _held_ids(self) -> list[str]:
        return [lease.task_id for lease in self._running]

    async def _in_thread(self, function: Callable[..., Result], *args: object) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._threads, lambda: function(*args))

    def _claim(self, most: int, kind: queue.Kind) -> tuple[list[Task], float]:
        """Due tasks of a kind, and after how many seconds to look for more."""
        with self._database.read() as connection:
            due = queue.next_due(connection, kind)
            moment = queue.clock(connection)
        if due is None:
            return [], self._pace.poll_s
        if due > moment:
            return [], min(self._pace.poll_s, (due - moment).total_seconds())
        with self._database.begin() as connection:
            claimed = queue.claim(connection, self._owner, self._lease, most, kind)
        return claimed, self._pace.poll_s if len(claimed) == most else 0.0 if claimed else self._pace.poll_s

    def _finish(self, lease: Lease, outcome: Outcome) -> list[str]:
        sealed = None
        if outcome.output is not None:
            sealed = self._vault.seal(outcome.output.encode(), store.place(lease.task_id, "output"))
        with self._database.begin() as connection:
            ended = queue.finish(connection, self._blobs, lease, outcome.ending(sealed))
        self._tell(ended)
        return ended

    def _reclaim(self, held: list[str]) -> None:
        with self._database.begin() as connection:
            failed = queue.reclaim(connection, self._blobs, self._owner, held, alone=self._alone)
        self._tell(failed)

    def _renew(self, held: list[Lease]) -> set[Lease]:
        if not held:
            return set()
        with self._database.begin() as connection:
            return queue.renew(connection, held, self._lease)

    def _give_back(self, held: list[Lease]) -> None:
        with self._database.begin() as connection:
            for lease in held:
                queue.give_back(connection, lease)

    def _tell(self, ended: list[str]) -> None:
        for task_id in ended:
            self._report("task", task_id)
