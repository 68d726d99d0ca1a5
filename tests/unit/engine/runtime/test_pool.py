"""Which worker of an instance serves which call, on workers that a test tells when to answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from steamship_engine.model.errors import BusyError, NotFoundError, PackageError
from steamship_engine.model.limits import RUNTIME
from steamship_engine.model.states import StopReason, VersionKind
from steamship_engine.model.version_limits import VersionLimits
from steamship_engine.runtime import endings
from steamship_engine.runtime.call import Call
from steamship_engine.runtime.chains import Chains, Node
from steamship_engine.runtime.pool import Pool
from steamship_engine.runtime.port import InstanceSpec, VersionSpec
from steamship_engine.runtime.worker import Worker
from tests.services.runtimes import instance_of, request


class FakeWorker:
    """A worker with one slot; `quick` ones are written ahead to."""

    def __init__(self, pool: Pool, spec: InstanceSpec, *, quick: bool = False) -> None:
        self.pool, self.spec, self.quick = pool, spec, quick
        self.calls: dict[int, Call] = {}
        self.further, self.usable, self.count, self.slots = False, True, 0, 1
        self.withdrawn: list[int] = []
        self.process = self

    @property
    def free(self) -> bool:
        return self.usable and not self.calls

    def may_write_ahead(self, call: Call) -> bool:
        return self.usable and self.quick and len(self.calls) < 8

    def starved(self) -> float:
        return 0.0

    def runs_long(self, _now: float, _seconds: float, _waiting: int) -> bool:
        return True

    def send(self, call: Call) -> None:
        self.count = call.number = self.count + 1
        call.worker = call.place = cast("Worker", self)
        call.attempts += 1
        self.calls[call.number] = call

    def post(self, header: Any) -> None:
        self.withdrawn.append(header.id)

    def ahead(self, call: Node) -> Iterable[Node]:
        calls: list[Node] = list(self.calls.values())
        return calls[: calls.index(call)]

    def drain(self, _reason: StopReason, _within: float) -> None:
        if not self.calls:
            self.end()

    def answer(self) -> list[Call]:
        """Answer the call that runs; it, in a list, for nobody awaits it."""
        call = self.calls.pop(next(iter(self.calls)))
        call.worker = None
        self.pool.chains.leave(call)
        if not call.done():
            call.set_result(cast("Any", "answered"))
        self.pool.freed(cast("Worker", self))
        return [call]

    def end(self) -> None:
        """Crash: the call that runs fails."""
        self.usable = False
        calls, self.calls = list(self.calls.values()), {}
        for begun in calls[:1]:
            begun.worker = None
            self.pool.chains.leave(begun)
            begun.fail(endings.stopped(StopReason.CRASHED))
        self.pool.failed(cast("Worker", self), calls[1:])


class World:
    """Instances' pools, and the workers they ask for."""

    def __init__(
        self, *, quick: bool = False, slow: bool = False, max_workers: int = 1, **limits: float
    ) -> None:
        self.limits = replace(RUNTIME, **limits)
        self.chains = Chains()
        self.quick, self.slow, self.max_workers = quick, slow, max_workers
        self.pools: dict[int, Pool] = {}
        self.asked: list[Pool] = []
        self.emptied: list[Pool] = []

    def pool(self, number: int = 0) -> Pool:
        if number not in self.pools:
            version = VersionSpec(
                "V", "b", "e", VersionKind.NATIVE, VersionLimits(max_workers=self.max_workers)
            )
            self.pools[number] = Pool(
                instance_of(version, f"I-{number}"),
                self.limits,
                self.chains,
                start=self.asked.append,
                idle=lambda _: None,
                emptied=self.emptied.append,
            )
        return self.pools[number]

    def call(self, number: int = 0, *above: Call, timeout: float = 60, awaited: bool = True) -> Call:
        pool = self.pool(number)
        asked = structs.replace(request("POST", "/"), awaited=awaited)
        call = Call(asyncio.get_running_loop(), pool, pool.spec, asked, b"", more=False, timeout=timeout)
        call.above = tuple(one.call_id for one in above)
        self.chains.enter(call, call.above)
        pool.submit(call)
        self.settle()
        return call

    def settle(self) -> None:
        """The workers that were asked for are there, unless that is `slow`."""
        while self.asked and not self.slow:
            self.arrive()

    def crash(self, number: int = 0) -> None:
        """The first worker of the instance ends."""
        self.workers(number)[0].end()
        self.settle()

    def arrive(self) -> FakeWorker:
        """The worker that was asked for first is there."""
        pool = self.asked.pop(0)
        worker = FakeWorker(pool, pool.spec, quick=self.quick)
        pool.arrived(cast("Worker", worker))
        return worker

    def workers(self, number: int = 0) -> list[FakeWorker]:
        return cast("list[FakeWorker]", self.pools[number].workers)


def in_a_loop(work: Callable[[], Any]) -> None:
    """Run a test's body, a function or a coroutine function, in an event loop."""

    async def run() -> None:
        result = work()
        if asyncio.iscoroutine(result):
            await result

    asyncio.run(run())


def test_calls_are_served_in_order() -> None:
    """One worker answers all, each after the one before it."""

    def work() -> None:
        world = World()
        calls = [world.call() for _ in range(5)]
        (worker,) = world.workers()
        assert [call for _ in range(5) for call in worker.answer()] == calls
        assert worker.free
        assert not world.pool().waiting

    in_a_loop(work)


def test_short_calls_are_written_ahead() -> None:
    """A worker whose calls are short has up to eight; the rest wait, and follow as it answers."""

    def work() -> None:
        world = World(quick=True)
        calls = [world.call() for _ in range(12)]
        (worker,) = world.workers()
        assert (len(worker.calls), len(world.pool().waiting)) == (8, 4)
        worker.answer()
        assert (len(worker.calls), len(world.pool().waiting)) == (8, 3)
        assert [call for _ in range(11) for call in worker.answer()] == calls[1:]

    in_a_loop(work)


def test_a_crash_fails_the_first_call_alone() -> None:
    """Calls that were written ahead go to the next worker, in their order and before later ones."""

    async def work() -> None:
        world = World(quick=True)
        calls = [world.call() for _ in range(10)]
        world.crash()
        with pytest.raises(PackageError):
            await calls[0]
        (worker,) = world.workers()
        assert [call for _ in range(9) for call in worker.answer()] == calls[1:]

    in_a_loop(work)


def test_a_call_is_not_tried_for_ever() -> None:
    """A call that was handed to three workers, which all ended before they came to it, fails."""

    async def work() -> None:
        world = World(quick=True)
        calls = [world.call() for _ in range(5)]
        for _ in range(3):
            world.crash()
        with pytest.raises(PackageError, match='"3" workers ended'):
            await calls[4]

    in_a_loop(work)


def test_a_long_wait_starts_a_further_worker() -> None:
    """A call that waits while every worker is busy gets another one, up to the version's number."""

    async def work() -> None:
        world = World(max_workers=2, grow=0.01)
        calls = [world.call() for _ in range(3)]
        assert len(world.workers()) == 1
        async with asyncio.timeout(10):
            while len(world.workers()) < 2:
                await asyncio.sleep(0.005)
                world.settle()
        assert len(world.pool().waiting) == 1
        for _ in range(5):
            await asyncio.sleep(0.01)
        assert not world.asked
        for worker in world.workers():
            worker.answer()
        assert world.workers()[0].answer() == [calls[2]]

    in_a_loop(work)


def test_nothing_is_started_while_something_starts() -> None:
    """However long calls wait for the first worker, one is asked for; its arrival begins their waiting anew."""

    async def work() -> None:
        world = World(max_workers=4, slow=True, grow=0.001)
        calls = [world.call() for _ in range(20)]
        for _ in range(5):
            await asyncio.sleep(0.005)
        assert len(world.asked) == 1
        worker = world.arrive()
        assert [call for _ in range(20) for call in worker.answer()] == calls
        assert not world.asked

    in_a_loop(work)


def test_a_call_waits_no_longer_than_it_may_run() -> None:
    """One whose turn does not come in time is told that the instance is busy."""

    async def work() -> None:
        world = World(grow=0.005)
        _ = world.call()
        late = world.call(timeout=0.01)
        async with asyncio.timeout(10):
            with pytest.raises(BusyError, match='"0.01" seconds'):
                await late
        assert not world.pool().waiting

    in_a_loop(work)


def test_who_leaves_gives_up_their_place() -> None:
    """A waiting call that is cancelled is forgotten; one that a worker has is withdrawn there."""

    def work() -> None:
        world = World()
        running, waiting = world.call(), world.call()
        waiting.cancel()
        assert not world.pool().waiting
        running.cancel()
        assert world.workers()[0].withdrawn == [running.number]
        assert world.chains.living((running.call_id, waiting.call_id)) == (running.call_id,)
        world.workers()[0].answer()
        assert world.chains.living((running.call_id,)) == ()

    in_a_loop(work)


def test_a_failed_start_fails_those_who_wait_for_it() -> None:
    """Without any worker the error is everybody's, and the next call tries again."""

    async def work() -> None:
        world = World(slow=True)
        calls = [world.call() for _ in range(3)]
        world.asked.clear()
        world.pool().start_failed(PackageError("No module named 'x'."))
        for call in calls:
            with pytest.raises(PackageError, match="No module"):
                await call
        assert world.emptied == [world.pool()]
        _ = world.call()
        assert len(world.asked) == 1

    in_a_loop(work)


def test_a_closed_pool_refuses_what_has_not_begun() -> None:
    """The running call ends; those written ahead and those that wait are refused."""

    async def work() -> None:
        world = World(quick=True)
        calls = [world.call() for _ in range(10)]
        (worker,) = world.workers()
        world.pool().close(StopReason.DELETED, 5, lambda: NotFoundError("It was deleted."))
        worker.answer()
        assert await calls[0] == cast("Any", "answered")
        for call in calls[1:]:
            with pytest.raises(NotFoundError):
                await call
        assert worker.withdrawn == [call.number for call in calls[1:8]]

    in_a_loop(work)


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 20), st.booleans()), max_size=80),
    st.booleans(),
    st.integers(1, 2),
)
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_somebody_can_always_go_on(steps: list[tuple[int, int, bool]], quick: bool, max_workers: int) -> None:
    """However calls of four instances call each other and wait for the answer, as long as there are any, one can go on."""

    def work() -> None:
        world = World(quick=quick, max_workers=max_workers, depth=100, queued=1000)
        above: dict[Call, tuple[Call, ...]] = {}

        def able() -> list[Call]:
            """The calls that run and wait for no other."""
            waiting = {chain[-1] for chain in above.values() if chain}
            heads = [
                next(iter(worker.calls.values()))
                for number in world.pools
                for worker in world.workers(number)
                if worker.calls
            ]
            return [call for call in heads if call not in waiting]

        def end(call: Call) -> None:
            assert cast("FakeWorker", call.worker).answer() == [call]
            del above[call]

        for instance, which, outermost in steps:
            ready = able()
            assert ready or not above
            if outermost or not ready:
                above[world.call(instance)] = ()
                continue
            call = ready[which % len(ready)]
            if which % 3 == 0:
                end(call)
            elif len(above[call]) < 8:
                chain = (*above[call], call)
                above[world.call(instance, *chain)] = chain
        while above:
            ready = able()
            assert ready, "everybody waits"
            end(ready[0])

    in_a_loop(work)
