"""Packages that write to the worker's socket themselves: one call is hurt, and nobody else."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, cast

import pytest

from steamship_engine.model.errors import (
    PackageCrashedError,
    PackageError,
    PackageReplyError,
    PackageTimeoutError,
    SteamshipError,
)
from steamship_engine.model.states import WorkerState
from steamship_engine.runtime.port import InstanceSpec
from tests.services.runtimes import Bench, request

MIB = 1024 * 1024
GROWTH = 48 * MIB
SHORT, ENOUGH = 2, 6

ENDS = [
    ("garbage", PackageReplyError),
    ("half_then_silence", PackageTimeoutError),
    ("half_then_exit", PackageCrashedError),
    ("four_gib_announced", PackageReplyError),
    ("gigabyte_as_taken", PackageReplyError),
    ("gigabyte_unasked", PackageReplyError),
    ("first_part_then_silence", PackageTimeoutError),
    ("empty_parts", PackageReplyError),
    ("another_calls_reply", PackageReplyError),
    ("another_calls_withdrawn", PackageReplyError),
    ("withdrawn", PackageError),
    ("endless_log", PackageTimeoutError),
    ("endless_large_log", PackageTimeoutError),
    ("slow_large_frame", PackageTimeoutError),
    ("huge_numbers", PackageReplyError),
    ("closes", PackageCrashedError),
    ("shuts_down", PackageCrashedError),
    ("nothing", PackageTimeoutError),
]


def _largest() -> int:
    """The most memory that this process, the engine, has held since `_forget_largest`."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))


def _forget_largest() -> None:
    Path("/proc/self/clear_refs").write_text("5")


async def _instances(bench: Bench, seconds: float) -> tuple[InstanceSpec, InstanceSpec]:
    """A hostile one, whose calls may take so long and reply 8 MiB, and another one that is awake."""
    hostile = await bench.instance("hostile_worker", "I-hostile", timeout_s=seconds, reply_size=8 * MIB)
    other = await bench.instance("echo", "I-other")
    await bench.call(other, "/count")
    return hostile, other


async def _ask_meanwhile(bench: Bench, other: InstanceSpec, attack: asyncio.Task[object]) -> int:
    """Call the other instance until the attack is over; how many calls it answered."""
    answered = 0
    while not attack.done() or not answered:
        assert (await bench.call(other, "/count")).reply.status == 200
        answered += 1
    return answered


async def _pid(bench: Bench, instance: InstanceSpec) -> int:
    return int((await bench.call(instance, "/pid")).text)


def _living(bench: Bench, instance: InstanceSpec) -> bool:
    facts = bench.runtime.workers(instance.instance_id)
    return any(worker.state is not WorkerState.STOPPED for worker in facts)


@pytest.mark.parametrize(("what", "kind"), ENDS, ids=[what for what, _ in ENDS])
def test_a_hostile_worker_hurts_its_own_call_alone(tiny, what, kind):
    """The call gets a typed error, the engine stays small, another instance answers, and the next call has a new process."""

    async def work(bench: Bench) -> None:
        hostile, other = await _instances(bench, ENOUGH if kind is PackageReplyError else SHORT)
        before = await _pid(bench, hostile)
        _forget_largest()
        held = _largest()
        attack = asyncio.create_task(bench.call(hostile, "/attack", what=what))
        await _ask_meanwhile(bench, other, attack)
        with pytest.raises(SteamshipError) as ended:
            await attack
        assert type(ended.value) is kind
        assert _largest() - held < GROWTH
        await bench.until(lambda: not _living(bench, hostile))
        assert await _pid(bench, hostile) != before

    tiny(work)


@pytest.mark.parametrize("what", ["two_replies", "reply_ahead"])
def test_a_reply_too_many_is_nobodys_answer(tiny, what):
    """A reply that no call waits for ends the worker, which the trail is told, and the next call is answered by another one."""

    async def work(bench: Bench) -> None:
        hostile, _ = await _instances(bench, ENOUGH)
        before = await _pid(bench, hostile)
        assert (await bench.call(hostile, "/attack", what=what)).text in {"first", "over"}
        await bench.until(lambda: not _living(bench, hostile) and len(bench.refused) == 1)
        assert (bench.refused[0].why, bench.refused[0].instance) == ("bad-frames", hostile)
        assert await _pid(bench, hostile) != before

    tiny(work)


def test_a_worker_that_does_not_stop_ends_at_the_deadline_of_a_caller_who_left(tiny):
    """A caller who leaves in the middle of a reply leaves no worker behind that is busy with it for ever."""

    async def work(bench: Bench) -> None:
        hostile, _ = await _instances(bench, SHORT)
        before = await _pid(bench, hostile)
        asked = request("POST", "/attack", b'{"what": "first_part_then_silence"}')
        reply = await bench.runtime.invoke(hostile, asked)
        assert await anext(reply.body)
        await cast("Any", reply.body).aclose()
        await bench.until(lambda: not _living(bench, hostile))
        assert await _pid(bench, hostile) != before

    tiny(work)


def test_a_reply_before_any_call_is_refused_at_the_deploy(tiny):
    """A package that writes frames while it is imported cannot be deployed."""

    async def work(bench: Bench) -> None:
        with pytest.raises(SteamshipError) as refused:
            await bench.prepare("hostile_import")
        assert isinstance(refused.value, PackageError)

    tiny(work)
