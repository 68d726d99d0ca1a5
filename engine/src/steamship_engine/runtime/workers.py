"""Which instance has which workers: one call at a time each, in the order of arrival.

An instance has one worker. A further one serves a call that would wait for a call it was made in.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from steamship_engine.model.errors import BusyError, CallTooDeepError, PackageCrashedError, UnavailableError
from steamship_engine.model.limits import RuntimeLimits
from steamship_engine.model.states import StopReason, WorkerState
from steamship_engine.runtime.call import Call
from steamship_engine.runtime.chains import Chains, Line
from steamship_engine.runtime.peers import Address, Peers
from steamship_engine.runtime.port import InstanceSpec, Reply, Request, RuntimeStats, WorkerFacts
from steamship_engine.runtime.upload import Upload
from steamship_engine.runtime.worker import Worker

Starter = Callable[[InstanceSpec, Callable[[Worker], None], Callable[[], None]], Awaitable[Worker]]
"""Starts and loads a worker; tells the second argument as soon as there is a process to end, the third when
the worker fails."""

_GONE_REMEMBERED = 10_000
"""Instances, longer than any call is on its way here: they were stopped for good, and their ids never come back."""


class _Seat:
    """A place for one worker of an instance, the worker if it is awake, and the calls for it.

    `level` is 0 for the instance's own worker, more for further ones. `since` is when the worker's state
    began and `started` when the worker did, in seconds since 1970; an `outdated` one serves no further call.
    """

    def __init__(self, spec: InstanceSpec, level: int) -> None:
        self.spec, self.level = spec, level
        self.line: Line = []
        self.turn = asyncio.Lock()
        self.worker: Worker | None = None
        self.loaded = False
        self.used = 0.0
        self.timer: asyncio.TimerHandle | None = None
        self.stopped = False
        self.since = self.started = 0.0
        self.outdated = False

    @property
    def state(self) -> WorkerState:
        if not self.loaded:
            return WorkerState.STARTING
        if self.outdated:
            return WorkerState.DRAINING
        return WorkerState.IDLE if self.idle else WorkerState.BUSY

    @property
    def idle(self) -> bool:
        return not self.line

    @property
    def key(self) -> tuple[str, int]:
        return self.spec.instance_id, self.level


class Workers:
    """The live workers of this engine."""

    def __init__(self, limits: RuntimeLimits, starter: Starter) -> None:
        self._limits, self._start = limits, starter
        self._seats: OrderedDict[tuple[str, int], _Seat] = OrderedDict()
        self._chains, self._peers = Chains(), Peers()
        self._ending: set[asyncio.Task[None]] = set()
        self._gone: dict[str, None] = {}
        self._wakes, self._wake_seconds = 0, 0.0
        self._closed = False

    async def invoke(self, spec: InstanceSpec, request: Request) -> Reply:
        """See the port."""
        upload = Upload(request.body, self._limits.frame_body)
        first, more = await upload.part()
        if self._closed:
            raise UnavailableError("The engine is stopping.", suggestion="Try again in a moment.")
        if spec.instance_id in self._gone:
            raise _stopped()
        limit = spec.version.limits.timeout_s
        timeout = limit if request.timeout_s is None else min(limit, request.timeout_s)
        above = self._chains.living(request.above)
        if len(above) > self._limits.depth:
            raise CallTooDeepError(
                f'"{len(above)}" calls wait for this one; at most "{self._limits.depth}" may.',
                suggestion="Let packages call each other less deeply, or in tasks that nobody waits for.",
            )
        self._chains.enter(request.call, above)
        try:
            seat = await self._seated(spec, request, above, timeout)
        except BaseException:
            self._chains.leave(request.call)
            raise
        done = partial(self._give_turn, seat, request.call)
        try:
            worker = await self._awake(seat, spec)
        except BaseException:
            done()
            raise
        return await Call(worker, request, timeout, done).run(upload, first, more)

    def living(self, calls: Sequence[str]) -> tuple[str, ...]:
        """See the port."""
        return self._chains.living(calls)

    def made_by(self, peer: Address) -> tuple[str, ...]:
        """See the port."""
        busy = {
            seat.worker.process.pid: seat
            for seat in self._seats.values()
            if seat.line and seat.worker is not None
        }
        if not busy:
            return ()
        pid = self._peers.holder(peer, busy)
        return () if pid is None else self._chains.around(busy[pid].line[0])

    async def stop(self, instance_id: str) -> None:
        """End the instance's workers for good; calls that run, wait or come later fail as crashed."""
        self._gone[instance_id] = None
        if len(self._gone) > _GONE_REMEMBERED:
            del self._gone[next(iter(self._gone))]
        keys = [(instance_id, level) for level in range(self._limits.depth + 1)]
        await asyncio.gather(*(self._stop(self._seats.pop(key)) for key in keys if key in self._seats))

    async def close(self) -> None:
        """End all workers and take no more calls."""
        self._closed = True
        await asyncio.gather(*(self.stop(instance_id) for instance_id, _ in list(self._seats)))
        await asyncio.gather(*self._ending)

    def restart(self, instance_id: str) -> int:
        """See the port."""
        seats = self._of(instance_id)
        for seat in seats:
            if seat.idle:
                self._retire(seat)
                self._forget_if_empty(seat)
            else:
                seat.outdated, seat.since = True, time.time()
        return len(seats)

    def facts(self, instance_id: str) -> list[WorkerFacts]:
        """See the port; what an instance had is not remembered."""
        return [_facts(seat) for seat in self._of(instance_id)]

    def stats(self) -> RuntimeStats:
        """See the port; why workers were stopped is not counted."""
        states = Counter(dict.fromkeys((WorkerState.STARTING, WorkerState.BUSY, WorkerState.IDLE), 0))
        states.update(seat.state for seat in self._seats.values() if seat.worker is not None)
        return RuntimeStats(
            workers=dict(states),
            queued=sum(max(len(seat.line) - 1, 0) for seat in self._seats.values()),
            wakes=self._wakes,
            wake_seconds=self._wake_seconds,
        )

    def _of(self, instance_id: str) -> list[_Seat]:
        """The instance's seats that have a worker."""
        keys = [(instance_id, level) for level in range(self._limits.depth + 1)]
        return [
            self._seats[key] for key in keys if key in self._seats and self._seats[key].worker is not None
        ]

    async def _stop(self, seat: _Seat) -> None:
        seat.stopped = True
        worker = seat.worker
        if worker is not None:
            worker.fail(_stopped())
            self._retire(seat)
            await worker.ended()

    async def _seated(
        self, spec: InstanceSpec, request: Request, above: Sequence[str], within: float
    ) -> _Seat:
        """The seat, of the instance's own worker or a further one, whose turn the call has taken."""
        seat = self._seat(spec, 0)
        if not self._chains.would_wait_for(above, seat.line):
            await self._take_turn(seat, request.call, within)
            return seat
        if not request.awaited:
            with suppress(BusyError):
                await self._take_turn(seat, request.call, min(within, self._limits.patience))
                return seat
        for level in range(self._limits.depth + 1):
            seat = self._seat(spec, level)
            if not self._chains.would_wait_for(above, seat.line):
                await self._take_turn(seat, request.call, within)
                return seat
        raise BusyError(
            f'All "{self._limits.depth}" further workers of the instance wait for calls inside their own.',
            suggestion="Call again in a second.",
        )

    def _seat(self, spec: InstanceSpec, level: int) -> _Seat:
        key = (spec.instance_id, level)
        seat = self._seats.get(key)
        if seat is None:
            seat = self._seats[key] = _Seat(spec, level)
        return seat

    async def _take_turn(self, seat: _Seat, call: str, within: float) -> None:
        waiting = len(seat.line) - 1
        if waiting >= self._limits.queued:
            raise BusyError(
                f'The instance has "{waiting}" calls waiting.', suggestion="Call again in a second."
            )
        self._chains.queue(call, seat.line)
        try:
            if waiting < 0:
                await seat.turn.acquire()
                return
            async with asyncio.timeout(within):
                await seat.turn.acquire()
        except BaseException as error:
            self._chains.step_out(call, seat.line)
            self._forget_if_empty(seat)
            if not isinstance(error, TimeoutError):
                raise
            raise BusyError(
                f'The call waited "{within:g}" seconds for the ones before it.',
                suggestion="Call again later, or use another instance.",
            ) from None

    def _give_turn(self, seat: _Seat, call: str) -> None:
        self._chains.step_out(call, seat.line)
        self._chains.leave(call)
        seat.turn.release()
        worker = seat.worker
        if worker is not None and (seat.outdated or not worker.usable):
            self._retire(seat)
        seat.since = time.time()
        if seat.stopped:
            return
        if seat.worker is None:
            self._forget_if_empty(seat)
            return
        seat.used = asyncio.get_running_loop().time()
        self._seats.move_to_end(seat.key)
        if seat.timer is None:
            self._watch(seat, self._idle(seat))

    async def _awake(self, seat: _Seat, spec: InstanceSpec) -> Worker:
        """The seat's worker, started if need be. Only the holder of the turn comes here."""
        if seat.stopped:
            raise _stopped()
        worker = seat.worker
        if worker is not None:
            if worker.usable and not seat.outdated and (seat.spec is spec or seat.spec == spec):
                seat.since = time.time()
                return worker
            self._retire(seat)
        self._make_room()
        seat.spec, seat.loaded, seat.outdated = spec, False, False
        seat.since = seat.started = time.time()
        began = time.monotonic()
        try:
            worker = await self._start(spec, partial(self._seat_down, seat), partial(self._failed, seat))
        except BaseException:
            self._retire(seat)
            raise
        if seat.stopped:
            raise _stopped()
        seat.loaded, seat.since = True, time.time()
        self._wakes += 1
        self._wake_seconds += time.monotonic() - began
        return worker

    def _seat_down(self, seat: _Seat, worker: Worker) -> None:
        seat.worker = worker
        if seat.stopped:
            worker.fail(_stopped())

    def _failed(self, seat: _Seat) -> None:
        """The seat's worker is of no use any more; the holder of the turn cleans up if there is one."""
        worker = seat.worker
        if worker is not None and not worker.usable and seat.idle:
            self._retire(seat)
            self._forget_if_empty(seat)

    def _make_room(self) -> None:
        """Stop the worker that was used longest ago when there are as many as may be. Raises BusyError."""
        awake = [seat for seat in self._seats.values() if seat.worker is not None]
        if len(awake) < self._limits.workers:
            return
        seat = next((seat for seat in awake if seat.idle), None)
        if seat is None:
            raise BusyError(
                f'All "{len(awake)}" workers of this engine are busy.', suggestion="Call again in a second."
            )
        self._retire(seat)
        self._forget_if_empty(seat)

    def _retire(self, seat: _Seat) -> None:
        """Take the worker off its seat and end it; somebody else need not wait for that."""
        worker, seat.worker = seat.worker, None
        if seat.timer is not None:
            seat.timer.cancel()
            seat.timer = None
        if worker is not None:
            self._in_background(worker.ended())

    def _forget_if_empty(self, seat: _Seat) -> None:
        if seat.worker is None and seat.idle and self._seats.get(seat.key) is seat:
            del self._seats[seat.key]

    def _idle(self, seat: _Seat) -> float:
        """For how many seconds the seat's worker may be idle."""
        return self._limits.idle if seat.level == 0 else self._limits.further_idle

    def _watch(self, seat: _Seat, seconds: float) -> None:
        seat.timer = asyncio.get_running_loop().call_later(seconds, self._look, seat)

    def _look(self, seat: _Seat) -> None:
        """Stop the worker if it was idle long enough, else look again when it may have been."""
        seat.timer = None
        left = self._idle(seat)
        if seat.idle:
            left -= asyncio.get_running_loop().time() - seat.used
        if left > 0:
            self._watch(seat, left)
        else:
            self._retire(seat)
            self._forget_if_empty(seat)

    def _in_background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)


def _facts(seat: _Seat) -> WorkerFacts:
    assert seat.worker is not None, "the seat's worker has gone"
    return WorkerFacts(
        instance_id=seat.spec.instance_id,
        version_id=seat.spec.version.version_id,
        pid=seat.worker.process.pid,
        state=seat.state,
        since=seat.since,
        started=seat.started,
        calls=seat.worker.calls,
        reason=StopReason.RESTARTED if seat.outdated else None,
    )


def _stopped() -> PackageCrashedError:
    return PackageCrashedError(
        "The instance was stopped before it answered.", suggestion="Call again if the instance still exists."
    )
