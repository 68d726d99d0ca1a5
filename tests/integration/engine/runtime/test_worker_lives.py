"""Which workers live, who waits for them, and when they are stopped."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from steamship_engine.model.errors import (
    BusyError,
    NotFoundError,
    PackageCrashedError,
    PackageTimeoutError,
    UnavailableError,
)
from steamship_engine.runtime.egress.refusal import RefusalError
from tests.services.held import GATED, Held
from tests.services.runtimes import Bench, gone, instance_of, request

MIB = 1024 * 1024


def test_a_hundred_first_calls_start_one_worker(tiny):
    """However many calls arrive first, one process answers them all, one at a time."""

    async def work(bench: Bench) -> None:
        echo = await bench.instance("echo")
        answers = await asyncio.gather(*(bench.call(echo, "/count") for _ in range(100)))
        assert sorted(answer.json["calls"] for answer in answers) == list(range(1, 101))
        assert len({answer.json["pid"] for answer in answers}) == 1
        stats = bench.runtime.stats()
        assert stats.workers == {"starting": 0, "busy": 0, "idle": 1, "draining": 0}
        assert (stats.wakes, stats.queued) == (1, 0)

    tiny(work)


def test_instances_are_separate_processes(tiny):
    """Two instances of one version share no process and no state."""

    async def work(bench: Bench) -> None:
        version, _ = await bench.deploy("echo")
        one = await bench.call(instance_of(version, "I-1"), "/count")
        other = await bench.call(instance_of(version, "I-2"), "/count")
        assert one.json["pid"] != other.json["pid"]
        assert one.json["calls"] == other.json["calls"] == 1

    tiny(work)


def test_the_line_for_an_instance_is_bounded(tiny):
    """Beyond the limit of waiting calls a caller is told to come back."""

    async def work(bench: Bench) -> None:
        crashes = await bench.instance("crashes", max_workers=1)
        running = asyncio.create_task(bench.send(crashes, request("POST", "/hang", timeout_s=1)))
        waiting = [asyncio.create_task(bench.call(crashes, "/pid")) for _ in range(2)]
        await bench.until(lambda: bench.runtime.stats().workers["busy"] == 1)
        with pytest.raises(BusyError) as busy:
            await bench.call(crashes, "/pid")
        assert busy.value.retry_after_s == 1
        with pytest.raises(PackageTimeoutError):
            await running
        await asyncio.gather(*waiting)

    tiny(work, queued=2)


def test_a_call_waits_no_longer_than_it_may_run(tiny):
    """A call whose turn does not come within its own limit is told that the instance is busy."""

    async def work(bench: Bench) -> None:
        crashes = await bench.instance("crashes", max_workers=1)
        running = asyncio.create_task(bench.send(crashes, request("POST", "/hang", timeout_s=1)))
        await bench.until(lambda: bench.runtime.stats().workers["busy"] == 1)
        with pytest.raises(BusyError, match='"0.1" seconds'):
            await bench.send(crashes, request("POST", "/pid", timeout_s=0.1))
        with pytest.raises(PackageTimeoutError):
            await running

    tiny(work)


def test_no_call_is_sent_to_wait_behind_a_method_that_may_take_long(tiny):
    """However quick the instance's calls were, one that comes with a method nobody has called goes to another worker soon."""

    async def work(bench: Bench) -> None:
        crashes = await bench.instance("crashes", max_workers=2)
        for _ in range(20):
            await bench.call(crashes, "/pid")
        running = asyncio.create_task(bench.send(crashes, request("POST", "/hang", timeout_s=5)))
        quick = asyncio.create_task(bench.call(crashes, "/pid"))
        await quick
        assert not running.done()
        with pytest.raises(PackageTimeoutError):
            await running

    tiny(work)


def test_a_stopped_instance_refuses_calls_and_leaves_nothing(tiny):
    """Stopping refuses the calls that wait, ends the one that runs after its grace, and the process is gone."""

    async def work(bench: Bench) -> None:
        crashes = await bench.instance("crashes", max_workers=1)
        pid = (await bench.call(crashes, "/pid")).json
        running, *waiting = (
            asyncio.create_task(bench.call(crashes, path)) for path in ("/hang", "/pid", "/pid")
        )
        await bench.until(lambda: bench.runtime.stats().workers["busy"] == 1)
        await bench.runtime.stop(crashes.instance_id)
        for outcome in await asyncio.gather(*waiting, return_exceptions=True):
            assert isinstance(outcome, NotFoundError)
            assert "deleted" in outcome.message
        with pytest.raises(PackageCrashedError, match="stopped"):
            await running
        await bench.until(lambda: gone(pid))
        with pytest.raises(NotFoundError, match="deleted"):
            await bench.call(crashes, "/pid")
        assert sum(bench.runtime.stats().workers.values()) == 0

    tiny(work, drain=0.1)


def test_a_stopped_instance_lets_the_running_call_end(tiny, tmp_path):
    """The call that runs when its instance is stopped is answered."""

    async def work(bench: Bench) -> None:
        version, _ = await bench.deploy("echo", {"api.py": GATED})
        held = Held(bench, instance_of(version), tmp_path / "held")
        await held.begun(bench)
        await bench.runtime.stop("I-1")
        assert bench.runtime.stats().workers["draining"] == 1
        pid = await held.let_go()
        await bench.until(lambda: gone(pid))

    tiny(work)


def test_a_restarted_instance_answers_from_a_new_worker(tiny, tmp_path):
    """The call that runs ends on the old worker, and the next one gets another at once."""

    async def work(bench: Bench) -> None:
        version, _ = await bench.deploy("echo", {"api.py": GATED})
        one = instance_of(version)
        held = Held(bench, one, tmp_path / "held")
        await held.begun(bench)
        assert await bench.runtime.restart("I-1") == 1
        fresh = (await bench.call(one, "/pid")).json
        old, new = await held.let_go(), (await bench.call(one, "/pid")).json
        assert old != fresh == new
        await bench.until(lambda: gone(old))
        assert await bench.runtime.restart("I-2") == 0

    tiny(work)


def test_a_call_on_its_way_does_not_wake_a_stopped_instance(tiny):
    """A call whose body was still arriving when its instance was stopped is refused and starts no process."""

    async def work(bench: Bench) -> None:
        echo = await bench.instance("echo")
        arrived = asyncio.Event()

        async def slow() -> AsyncIterator[bytes]:
            await arrived.wait()
            yield b"{}"

        call = asyncio.create_task(bench.send(echo, request("POST", "/count", slow())))
        await asyncio.sleep(0)
        await bench.runtime.stop(echo.instance_id)
        arrived.set()
        with pytest.raises(NotFoundError, match="deleted"):
            await call
        assert sum(bench.runtime.stats().workers.values()) == 0

    tiny(work)


def test_an_instance_can_be_stopped_while_it_starts(tiny):
    """A worker that is still importing ends, and its call is refused."""

    async def work(bench: Bench) -> None:
        version, _ = await bench.deploy("echo")
        hanging = instance_of(await bench.inspected("hangs_on_import", version.environment))
        call = asyncio.create_task(bench.call(hanging, "/pid"))
        await bench.until(lambda: bench.runtime.stats().queued == 1)
        await bench.runtime.stop(hanging.instance_id)
        with pytest.raises(NotFoundError, match="deleted"):
            await call

    tiny(work)


def test_an_idle_worker_is_stopped(tiny):
    """An instance that is not called for the idle time sleeps, and wakes at the next call."""

    async def work(bench: Bench) -> None:
        echo = await bench.instance("echo")
        first = (await bench.call(echo, "/count")).json
        await bench.until(lambda: gone(first["pid"]))
        assert sum(bench.runtime.stats().workers.values()) == 0
        assert (await bench.call(echo, "/count")).json["calls"] == 1

    tiny(work, idle=0.2)


def test_the_worker_used_longest_ago_makes_room(tiny):
    """Beyond the number of workers that may live, the one that slept longest is stopped."""

    async def work(bench: Bench) -> None:
        version, _ = await bench.deploy("echo")
        one, two, three = (instance_of(version, f"I-{n}") for n in range(3))
        for instance in (one, two, one, three):
            await bench.call(instance, "/count")
        assert bench.runtime.stats().workers["idle"] == 2
        assert (await bench.call(one, "/count")).json["calls"] == 3
        assert (await bench.call(two, "/count")).json["calls"] == 1

    tiny(work, workers=2)


def test_no_room_is_made_by_ending_a_call(tiny):
    """When all workers are busy a call to another instance waits for room, and is told to come back if there is none in time."""

    async def work(bench: Bench) -> None:
        version, _ = await bench.deploy("crashes")
        one, two = (instance_of(version, f"I-{n}") for n in range(2))
        await bench.call(one, "/pid")
        running = asyncio.create_task(bench.send(one, request("POST", "/hang", timeout_s=1)))
        await bench.until(lambda: bench.runtime.stats().workers["busy"] == 1)
        with pytest.raises(BusyError, match='All "1" workers'):
            await bench.call(two, "/pid")
        waiting = asyncio.create_task(bench.call(two, "/pid"))
        with pytest.raises(PackageTimeoutError):
            await running
        await waiting

    tiny(work, workers=1, room=0.8)


def test_another_config_is_another_worker(tiny):
    """A worker that was loaded for another spec of the instance is replaced."""

    async def work(bench: Bench) -> None:
        echo = await bench.instance("echo")
        first = (await bench.call(echo, "/count")).json
        other = (await bench.call(replace(echo, config={"a": 1}), "/count")).json
        assert other["pid"] != first["pid"]
        await bench.until(lambda: gone(first["pid"]))
        assert sum(bench.runtime.stats().workers.values()) == 1

    tiny(work)


def test_workers_end_with_the_process_they_were_forked_from(tiny):
    """When a zygote is killed its workers are gone, which is told, and the next call finds new ones."""

    async def work(bench: Bench) -> None:
        crashes = await bench.instance("crashes")
        first = (await bench.call(crashes, "/pid")).json
        zygote = int(Path(f"/proc/{first}/stat").read_text().rpartition(")")[2].split()[1])
        os.kill(zygote, signal.SIGKILL)
        await bench.until(lambda: bench.runtime.stats().stopped == {"zygoteGone": 1})
        assert gone(first)
        (last,) = bench.runtime.workers(crashes.instance_id)
        assert (last.state, last.pid, last.reason) == ("stopped", first, "zygoteGone")
        assert (await bench.call(crashes, "/pid")).json != first

    tiny(work)


def test_a_closed_runtime_takes_no_calls(tiny):
    """After close nothing is started any more."""

    async def work(bench: Bench) -> None:
        echo = await bench.instance("echo")
        pid = (await bench.call(echo, "/count")).json["pid"]
        await bench.runtime.close()
        assert gone(pid)
        with pytest.raises(UnavailableError):
            await bench.call(echo, "/count")

    tiny(work)


def test_a_bundle_or_environment_that_is_not_here_is_told(tiny):
    """A version whose parts this engine does not have is unavailable, not broken."""

    async def work(bench: Bench) -> None:
        version, _ = await bench.deploy("echo")
        with pytest.raises(UnavailableError, match="bundle"):
            await bench.call(instance_of(replace(version, bundle="0" * 64)), "/count")
        with pytest.raises(UnavailableError, match="environment"):
            await bench.call(instance_of(replace(version, environment="0" * 64)), "/count")

    tiny(work)


def test_a_restart_gives_the_next_call_a_new_process(tiny):
    """A worker that is idle ends at a restart, one that is busy after its call; both are counted."""

    async def work(bench: Bench) -> None:
        crashes = await bench.instance("crashes")
        first = await bench.call(crashes, "/pid")
        assert await bench.runtime.restart(crashes.instance_id) == 1
        assert await bench.runtime.restart(crashes.instance_id) == 0
        running = asyncio.create_task(bench.send(crashes, request("POST", "/hang", timeout_s=1)))
        await bench.until(lambda: bench.runtime.stats().workers["busy"] == 1)
        (busy,) = bench.runtime.workers(crashes.instance_id)
        assert (busy.state, busy.calls, busy.version_id) == ("busy", 1, crashes.version.version_id)
        assert busy.memory is not None
        assert 100_000 < busy.memory < 100_000_000
        assert busy.pid != first.json
        assert await bench.runtime.restart(crashes.instance_id) == 1
        (draining,) = bench.runtime.workers(crashes.instance_id)
        assert (draining.pid, draining.state, draining.reason) == (busy.pid, "draining", "restarted")
        with pytest.raises(PackageTimeoutError):
            await running
        assert (await bench.call(crashes, "/pid")).json not in (first.json, busy.pid)

    tiny(work)


def test_what_a_worker_is_refused_has_the_request_of_its_call(tiny):
    """A refusal by the network names the request of the one call that the instance runs, and none between calls."""

    async def work(bench: Bench) -> None:
        crashes = await bench.instance("crashes")
        runtime, error = bench.runtime, RefusalError(403, "private-address", "refused")
        call = asyncio.create_task(bench.call(crashes, "/hang"))
        await bench.until(lambda: any(worker.calls for worker in runtime.workers(crashes.instance_id)))
        runtime._denied(crashes, "10.0.0.1:80", error, False)
        await bench.runtime.stop(crashes.instance_id)
        call.cancel()
        await bench.until(lambda: runtime._workers.request_of(crashes.instance_id) is None)
        runtime._denied(crashes, "10.0.0.1:80", error, False)
        assert [told.request_id for told in bench.refused] == ["R-1", None]

    tiny(work)
