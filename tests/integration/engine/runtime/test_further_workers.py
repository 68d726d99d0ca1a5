"""Calls that were made in others: who serves them, who waits, and what becomes of the workers."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from steamship_engine.model.errors import CallTooDeepError, PackageCrashedError
from steamship_engine.model.identifiers import new_call_id
from steamship_engine.runtime.port import InstanceSpec, Request
from tests.services.held import GATED, Held
from tests.services.runtimes import Bench, gone, instance_of, request


def inside(*above: str, awaited: bool = True) -> Request:
    """A call of `/pid` that was made in those."""
    return structs.replace(request("POST", "/pid"), above=above, awaited=awaited)


async def two(bench: Bench) -> tuple[InstanceSpec, InstanceSpec]:
    version, _ = await bench.deploy("echo", {"api.py": GATED}, max_workers=1)
    return instance_of(version, "I-1"), instance_of(version, "I-2")


def test_a_call_inside_another_is_served_beside_it(tiny: Any, tmp_path: Path) -> None:
    """It gets a further worker, which serves the next one too; a call from outside waits for the first."""

    async def work(bench: Bench) -> None:
        one, _ = await two(bench)
        held = Held(bench, one, tmp_path / "held")
        await held.begun(bench)
        outside = asyncio.create_task(bench.send(one, inside()))
        further = (await bench.send(one, inside(held.id))).json
        assert (await bench.send(one, inside(held.id))).json == further
        assert not outside.done()
        pid = await held.let_go()
        assert pid != further
        assert (await outside).json == pid
        assert (await bench.send(one, inside(held.id))).json == pid

    tiny(work)


def test_waiting_through_others_counts(tiny: Any, tmp_path: Path) -> None:
    """A call behind one that waits, at another instance, for the call it was made in, does not wait."""

    async def work(bench: Bench) -> None:
        one, other = await two(bench)
        first, second = Held(bench, one, tmp_path / "first"), Held(bench, other, tmp_path / "second")
        await first.begun(bench)
        await second.begun(bench)
        behind = asyncio.create_task(bench.send(one, inside(second.id)))
        await asyncio.sleep(0)
        assert not behind.done()
        pid = (await bench.send(other, inside(first.id))).json
        assert pid not in (await first.let_go(), await second.let_go())
        await behind

    tiny(work)


def test_a_task_waits_a_moment_for_its_submitter(tiny: Any, tmp_path: Path) -> None:
    """A call that may not be waited for is served by the instance's own worker if that is free in time, else beside it."""

    async def work(bench: Bench) -> None:
        one, _ = await two(bench)
        held = Held(bench, one, tmp_path / "held")
        await held.begun(bench)
        beside = (await bench.send(one, inside(held.id, awaited=False))).json
        assert beside != await held.let_go()
        brief = Held(bench, one, tmp_path / "brief")
        await brief.begun(bench)
        later = asyncio.create_task(bench.send(one, inside(brief.id, awaited=False)))
        await asyncio.sleep(0)
        assert await brief.let_go() == (await later).json

    tiny(work, patience=1)


def test_idle_further_workers_go(tiny: Any, tmp_path: Path) -> None:
    """A further worker is stopped sooner than the instance's own, which stays."""

    async def work(bench: Bench) -> None:
        one, _ = await two(bench)
        held = Held(bench, one, tmp_path / "held")
        await held.begun(bench)
        further = (await bench.send(one, inside(held.id))).json
        pid = await held.let_go()
        await bench.until(lambda: gone(further))
        assert not gone(pid)
        assert bench.runtime.stats().workers == {"starting": 0, "busy": 0, "idle": 1, "draining": 0}

    tiny(work, further_idle=0.1)


def test_stopping_ends_them_all(tiny: Any, tmp_path: Path) -> None:
    """An instance that is stopped leaves none of its workers, and its calls fail."""

    async def work(bench: Bench) -> None:
        one, _ = await two(bench)
        held = Held(bench, one, tmp_path / "held")
        await held.begun(bench)
        inner = Held(bench, one, tmp_path / "inner", (held.id,))
        await inner.begun(bench)
        idle = (await bench.send(one, inside(held.id, inner.id))).json
        assert sum(bench.runtime.stats().workers.values()) == 3
        await bench.runtime.stop(one.instance_id)
        for call in (held, inner):
            with pytest.raises(PackageCrashedError, match="stopped"):
                await call.answer
        await bench.until(lambda: gone(idle))
        assert sum(bench.runtime.stats().workers.values()) == 0

    tiny(work, drain=0.1)


def test_a_chain_is_bounded_by_those_that_live(tiny: Any, tmp_path: Path) -> None:
    """As many calls as the limit says may be around one; those that have ended do not count."""

    async def work(bench: Bench) -> None:
        one, _ = await two(bench)
        ended = tuple(new_call_id() for _ in range(20))
        calls: list[Held] = []
        for number in range(3):
            calls.append(Held(bench, one, tmp_path / str(number), (*ended, *(call.id for call in calls))))
            await calls[-1].begun(bench)
        above = [call.id for call in calls]
        assert bench.runtime.living([*ended, *above]) == tuple(above)
        with pytest.raises(CallTooDeepError, match=r'"3" calls wait for this one; at most "2" may'):
            await bench.send(one, inside(*ended, *above))
        assert len({await call.let_go() for call in calls}) == 3
        assert bench.runtime.living(above) == ()

    tiny(work, depth=2)


def test_a_caller_who_leaves_takes_their_place_along(tiny: Any, tmp_path: Path) -> None:
    """A call that is given up while it waits, or while it runs, is in nobody's way afterwards."""

    async def work(bench: Bench) -> None:
        one, _ = await two(bench)
        held = Held(bench, one, tmp_path / "held")
        await held.begun(bench)
        waiting = asyncio.create_task(bench.send(one, inside()))
        await asyncio.sleep(0.01)
        waiting.cancel()
        inner = Held(bench, one, tmp_path / "inner", (held.id,))
        await inner.begun(bench)
        inner.answer.cancel()
        assert len({await held.let_go(), (await bench.send(one, inside())).json}) == 1
        assert set(bench.runtime.living([held.id, inner.id])) == {inner.id}
        (tmp_path / "inner" / "go").touch()
        await bench.until(lambda: bench.runtime.living([inner.id]) == ())

    tiny(work)
