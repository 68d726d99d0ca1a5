"""One instance's workers, and the calls that wait for one of them."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable

from steamship_engine.model.errors import BusyError, PackageCrashedError, SteamshipError
from steamship_engine.model.limits import RuntimeLimits
from steamship_engine.model.states import StopReason
from steamship_engine.runtime import endings, frames
from steamship_engine.runtime.call import Call
from steamship_engine.runtime.chains import Chains, Node
from steamship_engine.runtime.durations import Durations
from steamship_engine.runtime.port import InstanceSpec
from steamship_engine.runtime.worker import Worker

_ATTEMPTS = 3
_LATE = 0.002


class Pool:
    """An instance's calls are sent to its workers in the order of arrival.

    `start` is asked to start a further worker, and later tells `arrived` or `start_failed`. `idle` is
    told when a worker has nothing to do, `emptied` when no worker and no call is left.
    """

    def __init__(
        self,
        spec: InstanceSpec,
        limits: RuntimeLimits,
        chains: Chains,
        *,
        start: Callable[[Pool], None],
        idle: Callable[[Worker], None],
        emptied: Callable[[Pool], None],
    ) -> None:
        self.spec, self.limits, self.chains = spec, limits, chains
        self.durations = Durations()
        self.workers: list[Worker] = []
        self.opening: list[Worker] = []
        self.draining: list[Worker] = []
        self.starting = 0
        self.gone = False
        self.waiting: deque[Call] = deque()
        self._start, self._idle, self._emptied = start, idle, emptied
        self._loop = asyncio.get_running_loop()
        self._ready_at = 0.0
        self._ticking: asyncio.TimerHandle | None = None
        self._starved = 0.0

    def submit(self, call: Call) -> None:
        """Send the call to a worker, or let it wait. Raises BusyError."""
        if not self.waiting or call.above:
            worker = self._worker_for(call)
            if worker is not None:
                worker.send(call)
                return
        # A worker that is starting will take one of them.
        waiting = len(self.waiting) - self.starting
        if waiting >= self.limits.queued:
            raise BusyError(
                f'The instance has "{waiting}" calls waiting.', suggestion="Call again in a second."
            )
        call.place = self
        self.waiting.append(call)
        if call.above or not self._own():
            self._start_where_needed()
        if self._ticking is None:
            self._tick_soon()

    def withdraw(self, call: Call) -> None:
        """The caller has left, wherever the call is."""
        if call.worker is not None:
            call.worker.post(frames.Withdraw(id=call.number))
        elif call in self.waiting:
            self.waiting.remove(call)
            self.chains.leave(call)
            self._look_if_empty()

    def arrived(self, worker: Worker) -> None:
        """A worker that was started takes calls now."""
        self.starting -= 1
        self._ready_at = self._loop.time()
        if self.gone or worker.spec != self.spec:
            self.draining.append(worker)
            worker.drain(StopReason.RESTARTED, 0)
            self._start_where_needed()
            return
        worker.further = len(self._own()) >= self.spec.version.limits.max_workers
        self.workers.append(worker)
        self.freed(worker)

    def start_failed(self, error: SteamshipError) -> None:
        """No worker could be started: the calls that no other one can serve fail."""
        self.starting -= 1
        for call in list(self.waiting):
            if not self._eligible(call):
                self._refuse(call, error)
        self._look_if_empty()

    def freed(self, worker: Worker) -> None:
        """The worker may take another call."""
        if self.waiting:
            self._send_waiting(worker)
        if not worker.calls:
            self._idle(worker)

    def failed(self, worker: Worker, unbegun: list[Call]) -> None:
        """The worker is of no use any more; calls that it had not begun go to another one, first of all."""
        for workers in (self.opening, self.workers, self.draining):
            if worker in workers:
                workers.remove(worker)
        for call in reversed(unbegun):
            call.worker = None
            if call.abandoned:
                self.chains.leave(call)
            elif self.gone:
                self._end(call, endings.gone(self.spec.instance_id))
            elif call.attempts >= _ATTEMPTS:
                self._end(call, _unlucky(call))
            else:
                call.place = self
                self.waiting.appendleft(call)
        if self.waiting:
            for other in self.workers:
                self._send_waiting(other)
            self._start_where_needed()
            self._tick_soon()
        self._look_if_empty()

    def renew(self, spec: InstanceSpec, reason: StopReason) -> int:
        """From now on calls go to new workers, for `spec`; how many are put down."""
        self.spec, self.durations = spec, Durations()
        put_down, self.workers = self.workers, []
        self.draining += put_down
        for worker in put_down:
            worker.drain(reason, self.limits.drain)
        self._start_where_needed()
        return len(put_down)

    def close(self, reason: StopReason, within: float, refusal: Callable[[], SteamshipError]) -> None:
        """Refuse the calls that have not begun, let the others end, and start nothing any more."""
        self.gone = True
        for call in list(self.waiting):
            self._refuse(call, refusal())
        put_down, self.workers = self.workers, []
        self.draining += put_down
        for worker in put_down:
            for call in tuple(worker.calls.values())[worker.slots :]:
                call.fail(refusal())
                call.abandon()
            worker.drain(reason, within)
        for worker in list(self.opening):
            worker.fail(endings.stopped(reason), reason)
        self._look_if_empty()

    def all(self) -> list[Worker]:
        """Its workers in every state, those that take calls first."""
        return [*self.workers, *self.opening, *self.draining]

    def ahead(self, call: Node) -> Iterable[Node]:
        """As `chains.Place`: a waiting call waits for those that run and those before it."""
        before: list[Node] = [running for worker in self.workers for running in worker.calls.values()]
        for other in self.waiting:
            if other is call:
                break
            before.append(other)
        return before

    @property
    def empty(self) -> bool:
        """Whether nothing is left of it."""
        return not (self.workers or self.draining or self.starting or self.waiting)

    def _own(self) -> list[Worker]:
        """The workers that serve all calls; further ones only serve those that may not wait."""
        return [worker for worker in self.workers if not worker.further]

    def _worker_for(self, call: Call) -> Worker | None:
        """A worker that can begin the call, or else one that it may be written ahead to."""
        later = None
        for worker in self.workers:
            if worker.free:
                if self._may_serve(call, worker):
                    return worker
            elif later is None and not call.above and worker.may_write_ahead(call) and not worker.further:
                later = worker
        return later

    def _may_serve(self, call: Call, worker: Worker) -> bool:
        """Whether the call may run on that worker or wait for it.

        One that others wait for never waits for them. One that they may wait for is patient for a while:
        then it takes a further worker, which no call from outside does.
        """
        if not call.above:
            return not worker.further
        if self._is_patient(call):
            return not worker.further
        return not worker.calls or not self.chains.waits_for(worker.calls.values(), call.above)

    def _is_patient(self, call: Call) -> bool:
        return not call.request.awaited and self._loop.time() - call.since < self.limits.patience

    def _eligible(self, call: Call) -> bool:
        """Whether some worker may serve the call, now or later."""
        return any(self._may_serve(call, worker) for worker in self.workers)

    def _send_waiting(self, worker: Worker) -> None:
        """Send it as many of the waiting calls as it may take, in their order."""
        waiting = self.waiting
        while waiting and (worker.free or worker.may_write_ahead(waiting[0])):
            call = next((call for call in waiting if self._fits(call, worker)), None)
            if call is None:
                return
            if call is waiting[0]:
                del waiting[0]
            else:
                waiting.remove(call)
            worker.send(call)

    def _fits(self, call: Call, worker: Worker) -> bool:
        if worker.free:
            return self._may_serve(call, worker)
        return not call.above and not worker.further and worker.may_write_ahead(call)

    def _start_where_needed(self) -> None:
        """Start workers for calls that none of those there are may ever serve."""
        if self.gone or not self.waiting:
            return
        stuck = sum(1 for call in self.waiting if call.above and not self._eligible(call))
        wanted = stuck or (0 if self._own() else 1)
        most = self.spec.version.limits.max_workers + self.limits.depth
        while self.starting < wanted and len(self.workers) + self.starting < most:
            self._begin_start()

    def _begin_start(self) -> None:
        self.starting += 1
        self._start(self)

    def _tick_soon(self) -> None:
        if self._ticking is None and self.waiting:
            self._starved = self._starvation()
            self._ticking = self._loop.call_later(self.limits.grow, self._tick)

    def _tick(self) -> None:
        """Look after calls that still wait: start a worker for the first, give up those that waited too long."""
        # The loop may have been late: answers that have arrived meanwhile are read first.
        self._ticking = self._loop.call_later(_LATE, self._tick_now)

    def _tick_now(self) -> None:
        self._ticking = None
        now = self._loop.time()
        for call in list(self.waiting):
            if now - call.since >= call.timeout:
                self._refuse(call, _waited(call))
        self._start_where_needed()
        if self.waiting and self._may_grow(now):
            self._begin_start()
        self._tick_soon()
        self._look_if_empty()

    def _may_grow(self, now: float) -> bool:
        """Whether the first call has waited long, with every slot busy and no worker starting."""
        own = self._own()
        if self.starting or len(own) >= self.spec.version.limits.max_workers:
            return False
        if any(worker.free for worker in own):
            return False
        grow, waiting = self.limits.grow, len(self.waiting)
        if now - max(self.waiting[0].since, self._ready_at) < grow:
            return False
        # Where calls wait because the machine is slow, another worker would make it slower.
        if self._starvation() - self._starved > grow / 4:
            return False
        return all(worker.runs_long(now, grow, waiting) for worker in own)

    def _starvation(self) -> float:
        """For how many seconds the workers have waited for a processor, all together."""
        return sum(worker.process.starved() for worker in self.workers)

    def _refuse(self, call: Call, error: Exception) -> None:
        """Take the call from those that wait, with an error."""
        self.waiting.remove(call)
        self._end(call, error)

    def _end(self, call: Call, error: Exception) -> None:
        self.chains.leave(call)
        call.fail(error)

    def _look_if_empty(self) -> None:
        if self.empty:
            if self._ticking is not None:
                self._ticking.cancel()
                self._ticking = None
            self._emptied(self)


def _waited(call: Call) -> BusyError:
    return BusyError(
        f'The call waited "{call.timeout:g}" seconds for the ones before it.',
        suggestion="Call again later, or use another instance.",
    )


def _unlucky(call: Call) -> PackageCrashedError:
    return PackageCrashedError(
        f'"{call.attempts}" workers ended before they came to this call.',
        suggestion="Look at the package's log.",
    )
