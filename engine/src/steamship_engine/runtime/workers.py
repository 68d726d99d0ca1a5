"""Which instance has which worker: one each at most, one call at a time, in the order of arrival."""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from typing import Any

from steamship_engine.model.errors import BusyError, PackageCrashedError, UnavailableError
from steamship_engine.model.limits import RuntimeLimits
from steamship_engine.runtime.call import Call
from steamship_engine.runtime.port import InstanceSpec, Reply, Request
from steamship_engine.runtime.upload import Upload
from steamship_engine.runtime.worker import Worker

Starter = Callable[[InstanceSpec, Callable[[Worker], None], Callable[[], None]], Awaitable[Worker]]
"""Starts and loads a worker; tells the second argument as soon as there is a process to end, the third when
the worker fails."""

_GONE_REMEMBERED = 10_000
"""Instances, longer than any call is on its way here: they were stopped for good, and their ids never come back."""


class _Seat:
    """One instance's place: its worker if it is awake, and who waits for it."""

    def __init__(self, spec: InstanceSpec) -> None:
        self.spec = spec
        self.turn = asyncio.Lock()
        self.worker: Worker | None = None
        self.loaded = False
        self.waiting = 0
        self.used = 0.0
        self.timer: asyncio.TimerHandle | None = None
        self.stopped = False

    @property
    def idle(self) -> bool:
        return not self.turn.locked() and self.waiting == 0


class Workers:
    """The live workers of this engine."""

    def __init__(self, limits: RuntimeLimits, starter: Starter) -> None:
        self._limits, self._start = limits, starter
        self._seats: OrderedDict[str, _Seat] = OrderedDict()
        self._ending: set[asyncio.Task[None]] = set()
        self._gone: dict[str, None] = {}
        self._closed = False

    async def invoke(self, spec: InstanceSpec, request: Request) -> Reply:
        """See the port."""
        upload = Upload(request.body, self._limits.frame_body)
        first, more = await upload.part()
        if self._closed:
            raise UnavailableError("The engine is stopping.", suggestion="Try again in a moment.")
        if spec.instance_id in self._gone:
            raise _stopped()
        limit = spec.version.timeout_s
        timeout = limit if request.timeout_s is None else min(limit, request.timeout_s)
        seat = self._seats.get(spec.instance_id)
        if seat is None:
            seat = self._seats[spec.instance_id] = _Seat(spec)
        await self._take_turn(seat, timeout)
        try:
            worker = await self._awake(seat, spec)
        except BaseException:
            self._give_turn(seat)
            raise
        return await Call(worker, request, timeout, partial(self._give_turn, seat)).run(upload, first, more)

    async def stop(self, instance_id: str) -> None:
        """End the instance's worker for good; calls that run, wait or come later fail as crashed."""
        self._gone[instance_id] = None
        if len(self._gone) > _GONE_REMEMBERED:
            del self._gone[next(iter(self._gone))]
        seat = self._seats.pop(instance_id, None)
        if seat is None:
            return
        seat.stopped = True
        worker = seat.worker
        if worker is not None:
            worker.fail(_stopped())
            self._retire(seat)
            await worker.ended()

    async def close(self) -> None:
        """End all workers and take no more calls."""
        self._closed = True
        await asyncio.gather(*(self.stop(instance_id) for instance_id in list(self._seats)))
        await asyncio.gather(*self._ending)

    def counts(self) -> dict[str, int]:
        """Workers by state: starting, busy, idle."""
        states: Counter[str] = Counter(starting=0, busy=0, idle=0)
        for seat in self._seats.values():
            if seat.worker is not None:
                states["starting" if not seat.loaded else "idle" if seat.idle else "busy"] += 1
        return dict(states)

    async def _take_turn(self, seat: _Seat, within: float) -> None:
        if not seat.turn.locked() and not seat.waiting:
            await seat.turn.acquire()
            return
        if seat.waiting >= self._limits.queued:
            raise BusyError(
                f'The instance has "{seat.waiting}" calls waiting.', suggestion="Call again in a second."
            )
        seat.waiting += 1
        try:
            async with asyncio.timeout(within):
                await seat.turn.acquire()
        except TimeoutError:
            raise BusyError(
                f'The call waited "{within:g}" seconds for the ones before it.',
                suggestion="Call again later, or use another instance.",
            ) from None
        finally:
            seat.waiting -= 1
            self._forget_if_empty(seat)

    def _give_turn(self, seat: _Seat) -> None:
        seat.turn.release()
        worker = seat.worker
        if worker is not None and not worker.usable:
            self._retire(seat)
        if seat.stopped:
            return
        if seat.worker is None:
            self._forget_if_empty(seat)
            return
        seat.used = asyncio.get_running_loop().time()
        self._seats.move_to_end(seat.spec.instance_id)
        if seat.timer is None:
            self._watch(seat, self._limits.idle)

    async def _awake(self, seat: _Seat, spec: InstanceSpec) -> Worker:
        """The seat's worker, started if need be. Only the holder of the turn comes here."""
        if seat.stopped:
            raise _stopped()
        worker = seat.worker
        if worker is not None:
            if worker.usable and (seat.spec is spec or seat.spec == spec):
                return worker
            self._retire(seat)
        self._make_room()
        seat.spec, seat.loaded = spec, False
        try:
            worker = await self._start(spec, partial(self._seat_down, seat), partial(self._failed, seat))
        except BaseException:
            self._retire(seat)
            raise
        if seat.stopped:
            raise _stopped()
        seat.loaded = True
        return worker

    def _seat_down(self, seat: _Seat, worker: Worker) -> None:
        seat.worker = worker
        if seat.stopped:
            worker.fail(_stopped())

    def _failed(self, seat: _Seat) -> None:
        """The seat's worker is of no use any more; the holder of the turn cleans up if there is one."""
        worker = seat.worker
        if worker is not None and not worker.usable and not seat.turn.locked():
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
        if seat.worker is None and seat.idle and self._seats.get(seat.spec.instance_id) is seat:
            del self._seats[seat.spec.instance_id]

    def _watch(self, seat: _Seat, seconds: float) -> None:
        seat.timer = asyncio.get_running_loop().call_later(seconds, self._look, seat)

    def _look(self, seat: _Seat) -> None:
        """Stop the worker if it was idle long enough, else look again when it may have been."""
        seat.timer = None
        left = self._limits.idle
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


def _stopped() -> PackageCrashedError:
    return PackageCrashedError(
        "The instance was stopped before it answered.", suggestion="Call again if the instance still exists."
    )
