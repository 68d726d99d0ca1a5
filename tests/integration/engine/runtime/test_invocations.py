"""Calls to packages in real worker processes."""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from pathlib import Path

import pytest

from steamship_engine.model.errors import (
    BusyError,
    InvalidRequestError,
    PackageCrashedError,
    PackageError,
    PackageTimeoutError,
    UnavailableError,
)
from steamship_engine.runtime.port import RuntimeStats
from tests.services.runtimes import Bench, instance_of, request

MIB = 1024 * 1024


def _gone(pid: int) -> bool:
    """Whether the process has ended; it may still wait for somebody to ask how."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_a_method_answers(tiny):
    """A POST with JSON and a GET with a query reach their methods and answer with status, type and body."""

    async def work(bench: Bench) -> None:
        greeter = await bench.instance("greeter")
        answer = await bench.call(greeter, "/greet", name="Beautiful")
        assert (answer.reply.status, answer.text, answer.reply.error) == (200, "Hello, Beautiful!", None)
        assert answer.reply.headers == (("content-type", "text/plain"),)
        assert (await bench.send(greeter, request("GET", "/health"))).json == {"ok": True}
        echo = await bench.instance("echo", "I-2")
        assert (await bench.send(echo, request("GET", "/read", query="value=a+b"))).text == "a b"

    tiny(work)


def test_a_hundred_first_calls_start_one_worker(tiny):
    """However many calls arrive first, one process answers them all, one at a time."""

    async def work(bench: Bench) -> None:
        echo = await bench.instance("echo")
        answers = await asyncio.gather(*(bench.call(echo, "/count") for _ in range(100)))
        assert sorted(answer.json["calls"] for answer in answers) == list(range(1, 101))
        assert len({answer.json["pid"] for answer in answers}) == 1
        assert bench.runtime.stats() == RuntimeStats({"starting": 0, "busy": 0, "idle": 1})

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


def test_a_worker_sees_nothing_of_the_engine(tiny, monkeypatch):
    """Its environment, descriptors and folders are its own; the socket is descriptor 3."""
    monkeypatch.setenv("STEAMSHIP_API_KEY", "the-engines-own")

    async def work(bench: Bench) -> None:
        seen = (await bench.call(await bench.instance("echo"), "/surroundings")).json
        assert seen["environ"].keys() - {"LC_CTYPE"} == {"HOME", "TMPDIR", "PATH", "LANG"}
        assert seen["cwd"] == seen["path"][0]
        assert "/bundles/" in seen["cwd"]
        assert {0, 1, 2, 3} <= set(seen["descriptors"])
        assert max(seen["descriptors"]) < 10
        assert seen["session"] == seen["pid"]
        assert seen["parent"] == os.getpid()
        assert not any("steamship_engine" in path for path in seen["path"])

    tiny(work)


def test_scratch_goes_with_the_worker(tiny):
    """HOME and TMPDIR lie in a folder of the worker's own, which is removed when it stops."""

    async def work(bench: Bench) -> None:
        echo = await bench.instance("echo")
        mark = Path((await bench.call(echo, "/write")).text)
        assert mark.read_text() == "here"
        await bench.runtime.stop(echo.instance_id)
        assert not mark.parent.parent.exists()

    tiny(work)


def test_a_packages_modules_are_its_own(tiny):
    """Modules that are named as those of the worker's loop are the package's."""

    async def work(bench: Bench) -> None:
        answer = await bench.call(await bench.instance("shadows"), "/whose")
        assert answer.json == ["package"] * 4

    tiny(work)


def test_bad_arguments_are_the_callers_fault(tiny):
    """A body that cannot be read answers 400 with the reason, and the worker stays."""

    async def work(bench: Bench) -> None:
        echo = await bench.instance("echo")
        for body in (b"{", b'{"value": NaN}', b'{"a":' * 100_000, b"\xff", b"[1]"):
            reply = (await bench.send(echo, request("POST", "/say", body))).reply
            assert reply.status == 400
            assert reply.error is not None
            assert reply.error.code == "InvalidRequest"
        assert (await bench.call(echo, "/count")).json["calls"] == 1

    tiny(work)


def test_an_unknown_method_is_not_found(tiny):
    """The package itself says which methods it has."""

    async def work(bench: Bench) -> None:
        reply = (await bench.call(await bench.instance("greeter"), "/nothing")).reply
        assert reply.status == 404
        assert reply.error is not None
        assert reply.error.message == "No handler for POST /nothing available."

    tiny(work)


def test_large_bodies_pass_both_ways(tiny):
    """Bodies of many frames arrive whole, in and out."""

    async def parts():
        yield b'{"value": "'
        for _ in range(5):
            yield b"a" * MIB
        yield b'"}'

    async def work(bench: Bench) -> None:
        echo = await bench.instance("echo")
        assert (await bench.send(echo, request("POST", "/length", parts()))).json == 5 * MIB
        assert len((await bench.call(echo, "/big", size=5 * MIB + 1)).body) == 5 * MIB + 1

    tiny(work)


def test_a_form_and_a_file_become_arguments(tiny):
    """A form's field and a multipart file arrive as text."""

    async def work(bench: Bench) -> None:
        echo = await bench.instance("echo")
        form = "application/x-www-form-urlencoded"
        assert (await bench.send(echo, request("POST", "/say", b"value=a%20b", form))).text == "a b"
        body = b'--x\r\nContent-Disposition: form-data; name="value"; filename="f"\r\n\r\nfile\r\n--x--\r\n'
        assert (
            await bench.send(echo, request("POST", "/say", body, "multipart/form-data; boundary=x"))
        ).text == "file"

    tiny(work)


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
        await bench.until(lambda: _gone(pid))
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
        assert not _gone(child)
        await bench.runtime.stop(crashes.instance_id)
        await bench.until(lambda: _gone(child))
        child = (await bench.call(crashes, "/leave_child")).json
        with pytest.raises(PackageCrashedError):
            await bench.call(crashes, "/kill")
        await bench.until(lambda: _gone(child))

    tiny(work)


def test_the_line_for_an_instance_is_bounded(tiny):
    """Beyond the limit of waiting calls a caller is told to come back."""

    async def work(bench: Bench) -> None:
        crashes = await bench.instance("crashes")
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
        crashes = await bench.instance("crashes")
        running = asyncio.create_task(bench.send(crashes, request("POST", "/hang", timeout_s=1)))
        await bench.until(lambda: bench.runtime.stats().workers["busy"] == 1)
        with pytest.raises(BusyError, match='"0.1" seconds'):
            await bench.send(crashes, request("POST", "/pid", timeout_s=0.1))
        with pytest.raises(PackageTimeoutError):
            await running

    tiny(work)


def test_a_stopped_instance_fails_its_calls_and_leaves_nothing(tiny):
    """Stopping ends the call that runs and those that wait, starts nothing anew, and the process is gone."""

    async def work(bench: Bench) -> None:
        crashes = await bench.instance("crashes")
        pid = (await bench.call(crashes, "/pid")).json
        calls = [asyncio.create_task(bench.call(crashes, path)) for path in ("/hang", "/pid", "/pid")]
        await bench.until(lambda: bench.runtime.stats().workers["busy"] == 1)
        await bench.runtime.stop(crashes.instance_id)
        assert _gone(pid)
        for outcome in await asyncio.gather(*calls, return_exceptions=True):
            assert isinstance(outcome, PackageCrashedError)
            assert "stopped" in outcome.message
        assert sum(bench.runtime.stats().workers.values()) == 0

    tiny(work)


def test_an_instance_can_be_stopped_while_it_starts(tiny):
    """A worker that is still importing ends, and its call fails."""

    async def work(bench: Bench) -> None:
        version, _ = await bench.deploy("echo")
        hanging = instance_of(await bench.inspected("hangs_on_import", version.environment))
        call = asyncio.create_task(bench.call(hanging, "/pid"))
        await bench.until(lambda: bool(bench.lines))
        assert bench.runtime.stats().workers["starting"] == 1
        await bench.runtime.stop(hanging.instance_id)
        with pytest.raises(PackageCrashedError, match="stopped"):
            await call

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


def test_an_idle_worker_is_stopped(tiny):
    """An instance that is not called for the idle time sleeps, and wakes at the next call."""

    async def work(bench: Bench) -> None:
        echo = await bench.instance("echo")
        first = (await bench.call(echo, "/count")).json
        await bench.until(lambda: _gone(first["pid"]))
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
    """When all workers are busy a call to another instance is told to come back."""

    async def work(bench: Bench) -> None:
        version, _ = await bench.deploy("crashes")
        one, two = (instance_of(version, f"I-{n}") for n in range(2))
        await bench.call(one, "/pid")
        running = asyncio.create_task(bench.send(one, request("POST", "/hang", timeout_s=1)))
        await bench.until(lambda: bench.runtime.stats().workers["busy"] == 1)
        with pytest.raises(BusyError, match='All "1" workers'):
            await bench.call(two, "/pid")
        with pytest.raises(PackageTimeoutError):
            await running

    tiny(work, workers=1)


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
        echo = await bench.instance("echo")
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


def test_another_config_is_another_worker(tiny):
    """A worker that was loaded for another spec of the instance is replaced."""

    async def work(bench: Bench) -> None:
        echo = await bench.instance("echo")
        first = (await bench.call(echo, "/count")).json
        other = (await bench.call(replace(echo, config={"a": 1}), "/count")).json
        assert other["pid"] != first["pid"]
        assert sum(bench.runtime.stats().workers.values()) == 1

    tiny(work)


def test_a_closed_runtime_takes_no_calls(tiny):
    """After close nothing is started any more."""

    async def work(bench: Bench) -> None:
        echo = await bench.instance("echo")
        pid = (await bench.call(echo, "/count")).json["pid"]
        await bench.runtime.close()
        assert _gone(pid)
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


def test_a_constructor_that_raises_is_tried_again(tiny):
    """The first call fails with the constructor's error, the second one constructs."""

    async def work(bench: Bench) -> None:
        instance = await bench.instance("bad_constructor")
        reply = (await bench.call(instance, "/greet")).reply
        assert reply.error is not None
        assert "not yet" in reply.error.message
        assert (await bench.call(instance, "/greet")).text == "Hello!"

    tiny(work)
