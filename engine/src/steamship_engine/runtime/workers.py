"""All pools: how many workers may live, who is put to sleep for whom, and what became of them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from functools import partial
from typing import Any

from steamship_engine.model.errors import BusyError, CallTooDeepError, SteamshipError, UnavailableError
from steamship_engine.model.limits import RuntimeLimits
from steamship_engine.model.states import StopReason, WorkerState
from steamship_engine.runtime import endings
from steamship_engine.runtime.call import Call
from steamship_engine.runtime.chains import Chains
from steamship_engine.runtime.frames import Log
from steamship_engine.runtime.peers import Peers
from steamship_engine.runtime.pool import Pool
from steamship_engine.runtime.port import Caller, InstanceSpec, Peer, Request, RuntimeStats, WorkerFacts
from steamship_engine.runtime.processes import WorkerProcess
from steamship_engine.runtime.worker import Worker

Seat = Callable[[WorkerProcess], Worker]
Opener = Callable[[InstanceSpec, Seat], Awaitable[Worker]]
"""Starts a process for an instance, seats it as a worker at once, and has it loaded."""

_REMEMBERED = 10_000
"""Instances, longer than any call is on its way here: deleted ones, whose ids never come back, and sleeping ones."""


class Workers:
    """The live workers of this engine, in a pool for each instance that is awake."""

    def __init__(
        self,
        limits: RuntimeLimits,
        opener: Opener,
        on_log: Callable[[InstanceSpec, Log, Call | None], None],
        on_ended: Callable[[Worker], None],
    ) -> None:
        """`on_ended` is told of each worker when its process has ended, and it knows why."""
        self._limits, self._open, self._on_log, self._on_ended = limits, opener, on_log, on_ended
        self._loop = asyncio.get_running_loop()
        self._pools: dict[str, Pool] = {}
        self._chains, self._peers = Chains(), Peers()
        self._starts: set[asyncio.Task[None]] = set()
        self._ends: set[asyncio.Task[None]] = set()
        self._reserved = 0
        self._room: list[asyncio.Future[None]] = []
        self._gone: dict[str, None] = {}
        self._last: dict[str, WorkerFacts] = {}
        self._stopped: Counter[StopReason] = Counter()
        self._wakes, self._wake_seconds = 0, 0.0
        self._sweeping: asyncio.TimerHandle | None = None
        self._closed = False

    def begin(self, spec: InstanceSpec, request: Request, body: bytes, *, more: bool = False) -> Call:
        """A call begins. Raises the errors with which it is refused at once."""
        if self._closed:
            raise endings.stopped(StopReason.ENGINE_STOPPING)
        if spec.instance_id in self._gone:
            raise endings.gone(spec.instance_id)
        above = self._chains.living(request.above) if request.above else ()
        if len(above) > self._limits.depth:
            raise CallTooDeepError(
                f'"{len(above)}" calls wait for this one; at most "{self._limits.depth}" may.',
                suggestion="Let packages call each other less deeply, or in tasks that nobody waits for.",
            )
        pool = self._pools.get(spec.instance_id)
        if pool is None:
            pool = self._pools[spec.instance_id] = self._new_pool(spec)
        elif pool.spec is not spec:
            self._renew(pool, spec)
            self._pools[spec.instance_id] = pool  # it may have been empty for a moment
        limit = spec.version.limits.timeout_s
        timeout = limit if request.timeout_s is None else min(limit, request.timeout_s)
        call = Call(self._loop, pool, spec, request, body, more=more, timeout=timeout)
        call.above = above
        self._chains.enter(call, above)
        try:
            pool.submit(call)
        except SteamshipError:
            self._chains.leave(call)
            raise
        return call

    def living(self, calls: Sequence[str]) -> tuple[str, ...]:
        """See the port."""
        return self._chains.living(calls)

    def made_by(self, peer: Peer) -> tuple[str, ...]:
        """See the port."""
        worker = self._named(peer) if isinstance(peer, Caller) else self._found(peer)
        if worker is None:
            return ()
        calls = list(worker.calls.values())
        # Which of several calls that run side by side it was, nobody can say: they all may wait for it.
        made_in = calls[:1] if worker.slots == 1 else calls
        return tuple(dict.fromkeys(call for one in made_in for call in self._chains.around(one)))

    def request_of(self, instance_id: str) -> str | None:
        """The request of the call that the instance's workers run; None where they run none, or several."""
        pool = self._pools.get(instance_id)
        busy = [] if pool is None else [worker for worker in pool.all() if worker.calls]
        return busy[0].request_id if len(busy) == 1 else None

    def stop(self, instance_id: str, reason: StopReason = StopReason.DELETED) -> None:
        """See the port."""
        _remember(self._gone, instance_id, None)
        self._last.pop(instance_id, None)
        pool = self._pools.get(instance_id)
        if pool is not None:
            pool.close(reason, self._limits.drain, partial(endings.gone, instance_id))

    def forget(self, bundle: str) -> None:
        """Stop the instances of versions that have that bundle."""
        for pool in list(self._pools.values()):
            if pool.spec.version.bundle == bundle:
                self.stop(pool.spec.instance_id, StopReason.VERSION_GONE)

    def restart(self, instance_id: str) -> int:
        """See the port."""
        pool = self._pools.get(instance_id)
        return 0 if pool is None else pool.renew(pool.spec, StopReason.RESTARTED)

    def sleep(self, processes: Sequence[WorkerProcess]) -> None:
        """Put those of the workers to sleep that are idle."""
        for worker in list(self._all()):
            if worker.process in processes and worker.state is WorkerState.IDLE:
                worker.drain(StopReason.EVICTED, 0)

    async def close(self) -> None:
        """End all workers and take no more calls."""
        self._closed = True
        if self._sweeping is not None:
            self._sweeping.cancel()
        for pool in list(self._pools.values()):
            pool.close(StopReason.ENGINE_STOPPING, 0, partial(endings.stopped, StopReason.ENGINE_STOPPING))
        for worker in list(self._all()):
            worker.fail(endings.stopped(StopReason.ENGINE_STOPPING))
        for start in self._starts:
            start.cancel()
        while tasks := (*self._starts, *self._ends):
            await asyncio.gather(*tasks, return_exceptions=True)

    def facts(self, instance_id: str) -> list[WorkerFacts]:
        """See the port's `workers`."""
        pool = self._pools.get(instance_id)
        living = [] if pool is None else [worker.facts() for worker in pool.all()]
        last = self._last.get(instance_id)
        return living or ([] if last is None else [last])

    def stats(self) -> RuntimeStats:
        """See the port; zygotes are counted elsewhere."""
        states = dict.fromkeys(WorkerState, 0)
        del states[WorkerState.STOPPED]
        for worker in self._all():
            if worker.state is not WorkerState.STOPPED:
                states[worker.state] += 1
        return RuntimeStats(
            workers=states,
            queued=sum(len(pool.waiting) for pool in self._pools.values()),
            wakes=self._wakes,
            wake_seconds=self._wake_seconds,
            stopped=dict(self._stopped),
        )

    def _named(self, caller: Caller) -> Worker | None:
        """The worker whose network a connection was made in."""
        pool = self._pools.get(caller.instance)
        workers = () if pool is None else pool.all()
        return next((worker for worker in workers if worker.process.number == caller.worker), None)

    def _found(self, address: tuple[str, int]) -> Worker | None:
        """The worker on the machine's own network that holds the other end of a connection."""
        busy = {worker.process.pid: worker for worker in self._all() if worker.calls}
        pid = self._peers.holder(address, busy) if busy else None
        return None if pid is None else busy[pid]

    def _all(self) -> Iterator[Worker]:
        for pool in self._pools.values():
            yield from pool.all()

    def _new_pool(self, spec: InstanceSpec) -> Pool:
        return Pool(
            spec,
            self._limits,
            self._chains,
            start=self._start,
            idle=self._is_idle,
            emptied=self._forget_pool,
        )

    def _renew(self, pool: Pool, spec: InstanceSpec) -> None:
        """The spec came anew; where it is another one, workers are too."""
        old = pool.spec
        if old == spec:
            pool.spec = spec
            for worker in pool.all():
                worker.spec = spec
            return
        other = old.version.version_id != spec.version.version_id
        pool.renew(spec, StopReason.VERSION_GONE if other else StopReason.RESTARTED)

    def _forget_pool(self, pool: Pool) -> None:
        if self._pools.get(pool.spec.instance_id) is pool:
            del self._pools[pool.spec.instance_id]

    def _start(self, pool: Pool) -> None:
        self._go(self._start_one(pool, pool.spec), self._starts)

    async def _start_one(self, pool: Pool, spec: InstanceSpec) -> None:
        """Start one worker for the pool and tell it what came of it."""
        began = self._loop.time()
        seated: list[Worker] = []
        reserved = 0

        def seat(process: WorkerProcess) -> Worker:
            worker = Worker(
                spec,
                process,
                self._limits,
                partial(self._on_log, spec),
                pool.freed,
                partial(self._failed, pool),
            )
            pool.opening.append(worker)
            seated.append(worker)
            if pool.gone:
                worker.fail(endings.stopped(StopReason.DELETED), StopReason.DELETED)
            return worker

        try:
            await self._make_room()
            self._reserved, reserved = self._reserved + 1, 1
            worker = await self._open(spec, seat)
        except Exception as error:
            for worker in seated:
                worker.fail(error)
            pool.start_failed(error if isinstance(error, SteamshipError) else _cannot_start(error))
            return
        finally:
            self._reserved -= reserved
        pool.opening.remove(worker)
        self._wakes += 1
        self._wake_seconds += self._loop.time() - began
        pool.arrived(worker)
        self._sweep_soon()

    async def _make_room(self) -> None:
        """Wait until a worker may be started, putting the one that was used longest ago to sleep. Raises BusyError."""
        try:
            async with asyncio.timeout(self._limits.room):
                while self._count() >= self._limits.workers:
                    idle = [worker for worker in self._all() if worker.state is WorkerState.IDLE]
                    if idle:
                        min(idle, key=lambda worker: worker.used).drain(StopReason.EVICTED, 0)
                        continue
                    waiting = self._loop.create_future()
                    self._room.append(waiting)
                    await waiting
        except TimeoutError:
            raise BusyError(
                f'All "{self._limits.workers}" workers of this engine are busy.',
                suggestion="Call again in a second.",
            ) from None

    def _count(self) -> int:
        """Workers that live, and those that are on their way."""
        living = sum(
            worker.state not in (WorkerState.STARTING, WorkerState.STOPPED) for worker in self._all()
        )
        return self._reserved + living

    def _room_changed(self) -> None:
        """Somebody who waits for room may look again."""
        while self._room:
            waiting = self._room.pop(0)
            if not waiting.done():
                waiting.set_result(None)
                return

    def _is_idle(self, worker: Worker) -> None:
        if self._room and worker.usable:
            self._room_changed()

    def _failed(self, pool: Pool, worker: Worker, unbegun: list[Call]) -> None:
        """The worker is of no use any more: end its process, and remember how it went."""
        self._go(self._ended(worker), self._ends)
        pool.failed(worker, unbegun)
        self._room_changed()

    async def _ended(self, worker: Worker) -> None:
        await worker.ended()
        self._stopped[worker.reason or StopReason.CRASHED] += 1
        self._on_ended(worker)
        instance_id = worker.spec.instance_id
        if instance_id not in self._gone:
            _remember(self._last, instance_id, worker.facts())

    def _sweep_soon(self) -> None:
        if self._sweeping is None and not self._closed:
            every = min(self._limits.idle, self._limits.further_idle) / 4
            self._sweeping = self._loop.call_later(min(every, 1), self._sweep)

    def _sweep(self) -> None:
        """Stop the workers that were idle long enough."""
        self._sweeping = None
        now = self._loop.time()
        for pool in list(self._pools.values()):
            for place, worker in enumerate(tuple(pool.workers)):
                longest = self._limits.further_idle if place else self._limits.idle
                if worker.state is WorkerState.IDLE and now - worker.used >= longest:
                    worker.drain(StopReason.IDLE, 0)
        if self._pools:
            self._sweep_soon()

    def _go(self, work: Coroutine[Any, Any, None], tasks: set[asyncio.Task[None]]) -> None:
        task = self._loop.create_task(work)
        tasks.add(task)
        task.add_done_callback(tasks.discard)


def _remember(memory: dict[str, Any], key: str, value: Any) -> None:
    memory.pop(key, None)
    memory[key] = value
    if len(memory) > _REMEMBERED:
        del memory[next(iter(memory))]


def _cannot_start(error: Exception) -> UnavailableError:
    return UnavailableError(
        f"The instance's worker cannot be started: {error}", suggestion="Look at the engine's log."
    )
