"""All workers' ways out of their own networks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

from steamship_engine.model.limits import EGRESS, EgressLimits
from steamship_engine.runtime.egress.own import own_of
from steamship_engine.runtime.egress.refusal import RefusalError
from steamship_engine.runtime.egress.resolving import Resolver
from steamship_engine.runtime.egress.seats import Seats
from steamship_engine.runtime.egress.traffic import Traffic
from steamship_engine.runtime.egress.worker_egress import WorkerEgress
from steamship_engine.runtime.port import Caller, EgressStats, InstanceSpec, Serve
from steamship_engine.runtime.processes import WorkerProcess

Denied = Callable[[InstanceSpec, str, RefusalError, bool], None]
"""Is told whose worker was refused what, and whether that is worth a line: not where one was said a moment ago."""


class Egress:
    """The proxy, and the engine's doors within workers' networks. Make it within a running event loop."""

    def __init__(
        self,
        serve: Serve,
        denied: Denied,
        limits: EgressLimits = EGRESS,
        resolver: Resolver | None = None,
    ) -> None:
        self._serve, self._denied, self._limits = serve, denied, limits
        self._resolver = resolver or Resolver(within_s=limits.resolve)
        self._whole = Traffic()
        self._seats, self._engine_seats = Seats(limits.all), Seats(limits.all)
        self._workers: set[WorkerEgress] = set()

    def attach(self, process: WorkerProcess, spec: InstanceSpec) -> Traffic:
        """Serve the listeners in the process's network, for the instance that it is of from now on, until it ends.

        What is counted for it. A process without a network of its own has no listeners.
        """
        traffic = Traffic(whole=self._whole)
        listeners, process.listeners = process.listeners, {}
        if not listeners:
            return traffic
        caller = Caller(spec.instance_id, process.number, spec.workspace_id, spec.version.network, spec.owner)
        worker = WorkerEgress(
            caller,
            own_of(spec.bases),
            self._serve,
            self._resolver,
            self._limits,
            traffic,
            _Sparing(partial(self._denied, spec), self._limits.say),
            self._seats,
            self._engine_seats,
        )
        self._workers.add(worker)
        worker.listen(listeners)
        process.on_exit(partial(self._ended, worker))
        return traffic

    def shut(self, process: WorkerProcess) -> None:
        """Close the listeners of a process that is no instance's: what it tries to reach is refused at once."""
        listeners, process.listeners = process.listeners, {}
        for listener in listeners.values():
            listener.close()

    def stats(self) -> EgressStats:
        """What was counted since the engine's start, and the connections to the proxy that are open."""
        whole = self._whole
        return EgressStats(
            sent=whole.sent,
            received=whole.received,
            passed=whole.passed,
            refused=whole.refused,
            failed=whole.failed,
            connections=self._seats.taken,
        )

    async def close(self) -> None:
        """End every connection."""
        workers = tuple(self._workers)
        sessions = [session for worker in workers for session in worker.sessions]
        for worker in workers:
            self._ended(worker)
        await asyncio.gather(*sessions, return_exceptions=True)
        self._resolver.close()

    def _ended(self, worker: WorkerEgress) -> None:
        worker.close()
        self._workers.discard(worker)


class _Sparing:
    """Tells of each refusal, and marks one in so many seconds as worth a line."""

    def __init__(self, tell: Callable[[str, RefusalError, bool], None], every_s: float) -> None:
        self._tell, self._every_s = tell, every_s
        self._next = 0.0
        self._loop = asyncio.get_running_loop()

    def __call__(self, target: str, error: RefusalError) -> None:
        now = self._loop.time()
        says = now >= self._next
        if says:
            self._next = now + self._every_s
        self._tell(target, error, says)
