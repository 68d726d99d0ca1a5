"""Calls that fail, or whose caller leaves: what is told, and that the next call is served."""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace

import pytest

from steamship_engine.model.errors import (
    InvalidRequestError,
    PackageCrashedError,
    PackageError,
    PackageTimeoutError,
    UnavailableError,
)
from tests.services.runtimes import Bench, gone, instance_of, request

MIB = 1024 * 1024


@pytest.mark.parametrize(
    ("path", "arguments", "said"),
    [
        ("/exit", {"code": 3}, 'ended with exit code "3"'),
        ("/exit", {"code": 0}, 'ended with exit code "0"'),
        ("/segfault", {}, 'signal "SIGSEGV"'),
        ("/kill", {}, 'signal "SIGKILL"'),
    ],
)
def test_a_crash_is_told_and_the_next_call_gets_a_fresh_worker(tiny, path, arguments, said):
    """A process that dies in a call fails that call with its exit code or signal, and no other."""

    async def work(bench: Bench) -> None:
        crashes = await bench.instance("crashes")
        first = (await bench.call(crashes, "/pid")).json
        with pytest.raises(PackageCrashedError) as crashed:
            await bench.call(crashes, path, **arguments)
        assert said in crashed.value.message
        assert (await bench.call(crashes, "/pid")).json != first

    tiny(work)


def test_a_worker_killed_between_calls_is_replaced(tiny):
    """A process that died while nobody called costs no call."""

    async def work(bench: Bench) -> None:
        crashes = await bench.instance("crashes")
        pid = (await bench.call(crashes, "/pid")).json
        os.kill(pid, 9)
        await bench.until(lambda: bench.runtime.stats().workers["idle"] == 0)
        assert (await bench.call(crashes, "/pid")).json != pid

    tiny(work)


def test_calls_that_wait_survive_a_crash_before_them(tiny):
    """Only the call that was running fails when its worker dies."""

    async def work(bench: Bench) -> None:
        crashes = await bench.instance("crashes")
        first = asyncio.create_task(bench.call(crashes, "/exit", code=1))
        others = [asyncio.create_task(bench.call(crashes, "/pid")) for _ in range(5)]
        with pytest.raises(PackageCrashedError):
            await first
        assert len({answer.json for answer in await asyncio.gather(*others)}) == 1

    tiny(work)


@pytest.mark.parametrize("path", ["/hang", "/spin"])
def test_a_call_is_stopped_at_its_deadline(tiny, path):
    """A method that never ends is killed at its deadline, whatever it ignores, and the next call is served."""

    async def work(bench: Bench) -> None:
        crashes = await bench.instance("crashes")
        pid = (await bench.call(crashes, "/pid")).json
        loop = asyncio.get_running_loop()
        started = loop.time()
        with pytest.raises(PackageTimeoutError, match='"0.3" seconds'):
            await bench.send(crashes, request("POST", path, timeout_s=0.3))
        assert loop.time() - started < 0.8
        await bench.until(lambda: gone(pid))
        assert (await bench.call(crashes, "/pid")).json != pid

    tiny(work)


def test_the_versions_limit_is_the_longest(tiny):
    """A caller cannot ask for more time than the version has."""

    async def work(bench: Bench) -> None:
        crashes = await bench.instance("crashes", timeout_s=0.3)
        await bench.call(crashes, "/pid")
        with pytest.raises(PackageTimeoutError, match='"0.3" seconds'):
            await bench.send(crashes, request("POST", "/hang", timeout_s=1000))

    tiny(work)


def test_the_packages_own_failure_is_a_reply(tiny):
    """An exception, and sys.exit in a method, answer with an error and the traceback; the worker lives on."""

    async def work(bench: Bench) -> None:
        crashes = await bench.instance("crashes")
        pid = (await bench.call(crashes, "/pid")).json
        for path, said in (("/raise", "ValueError: no such thing"), ("/sys_exit", "SystemExit: enough")):
            reply = (await bench.call(crashes, path)).reply
            assert reply.status == 500
            assert reply.error is not None
            assert reply.error.code == "PackageError"
            assert said in reply.error.message
            assert "api.py" in (reply.error.details or "")
        assert (await bench.call(crashes, "/pid")).json == pid

    tiny(work)


def test_a_process_that_a_method_forks_does_not_answer(tiny):
    """Of a method that forks and returns twice only the worker's own answer counts."""

    async def work(bench: Bench) -> None:
        crashes = await bench.instance("crashes")
        pid = (await bench.call(crashes, "/pid")).json
        assert [(await bench.call(crashes, "/fork")).json for _ in range(3)] == [pid] * 3

    tiny(work)


def test_what_a_package_started_ends_with_its_worker(tiny):
    """A process that a method left behind is gone when the instance is stopped, and when the worker dies."""

    async def work(bench: Bench) -> None:
        crashes = await bench.instance("crashes")
        child = (await bench.call(crashes, "/leave_child")).json
        assert not gone(child)
        await bench.runtime.stop(crashes.instance_id)
        await bench.until(lambda: gone(child))
        crashes = replace(crashes, instance_id="I-2")
        child = (await bench.call(crashes, "/leave_child")).json
        with pytest.raises(PackageCrashedError):
            await bench.call(crashes, "/kill")
        await bench.until(lambda: gone(child))

    tiny(work)


def test_an_import_that_fails_only_now_is_the_packages_failure(tiny):
    """A version that could be deployed but cannot be imported any more answers as a failing package."""

    async def work(bench: Bench) -> None:
        version, _ = await bench.deploy("echo")
        broken = instance_of(await bench.inspected("bad_import", version.environment))
        with pytest.raises(PackageError, match="No module named 'a_module_that_is_not_there'"):
            await bench.call(broken, "/pid")
        assert sum(bench.runtime.stats().workers.values()) == 0

    tiny(work)


def test_a_caller_who_leaves_does_not_end_the_worker(tiny):
    """A cancelled call is finished unseen; the next one finds the same process and the right answer."""

    async def work(bench: Bench) -> None:
        echo = await bench.instance("echo")
        first = (await bench.call(echo, "/count")).json
        for _ in range(5):
            leaving = asyncio.create_task(bench.call(echo, "/big", size=3 * MIB))
            await asyncio.sleep(0)
            leaving.cancel()
            await asyncio.gather(leaving, return_exceptions=True)
        again = (await bench.call(echo, "/count")).json
        assert (again["pid"], again["calls"]) == (first["pid"], 2)

    tiny(work)


def test_a_reply_that_is_dropped_frees_the_worker(tiny):
    """A caller who closes a reply half read, or forgets it, does not hold the instance."""

    async def work(bench: Bench) -> None:
        echo = await bench.instance("echo", max_workers=1)
        reply = await bench.runtime.invoke(echo, request("POST", "/big", b'{"size": 9000000}'))
        assert len(await anext(reply.body)) == MIB
        del reply
        assert (await bench.call(echo, "/say", value="next")).text == "next"
        forgotten = await bench.runtime.invoke(echo, request("POST", "/big", b'{"size": 9000000}'))
        assert (await bench.call(echo, "/say", value="next")).text == "next"
        with pytest.raises(UnavailableError, match="not read"):
            [part async for part in forgotten.body]

    tiny(work, stall=0.2)


def test_a_body_that_breaks_off_is_forgotten(tiny):
    """A caller whose body fails on its way is not answered; the method is not called, the worker stays."""

    class Left(Exception):
        pass

    async def parts():
        yield b"x" * (2 * MIB)
        raise Left

    async def work(bench: Bench) -> None:
        echo = await bench.instance("echo")
        first = (await bench.call(echo, "/count")).json
        with pytest.raises(Left):
            await bench.send(echo, request("POST", "/count", parts()))
        again = (await bench.call(echo, "/count")).json
        assert (again["pid"], again["calls"]) == (first["pid"], 2)

    tiny(work)


def test_a_body_that_stops_arriving_does_not_hold_the_worker(tiny):
    """A caller who sends half a large body and waits is told so; the next call is served."""

    async def parts():
        yield b"x" * (2 * MIB)
        await asyncio.sleep(60)
        yield b""

    async def work(bench: Bench) -> None:
        echo = await bench.instance("echo")
        with pytest.raises(InvalidRequestError, match="stopped arriving"):
            await bench.send(echo, request("POST", "/count", parts()))
        assert (await bench.call(echo, "/count")).json["calls"] == 1

    tiny(work, stall=0.2)


def test_a_constructor_that_raises_is_tried_again(tiny):
    """The first call fails with the constructor's error, the second one constructs."""

    async def work(bench: Bench) -> None:
        instance = await bench.instance("bad_constructor")
        reply = (await bench.call(instance, "/greet")).reply
        assert reply.error is not None
        assert "not yet" in reply.error.message
        assert (await bench.call(instance, "/greet")).text == "Hello!"

    tiny(work)
