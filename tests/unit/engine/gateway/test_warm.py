"""What the gateway remembers of its decisions, and for how long."""

from __future__ import annotations

import asyncio
import time

import pytest

from steamship_engine.gateway import plain
from steamship_engine.gateway.warm import WarmCall
from steamship_engine.model.limits import GATEWAY
from tests.services.gateway_door import CALL, ENDED, WORKER, Door, door

__all__ = ["door"]

HOST = ("host", "localhost")
KEYED = ("authorization", "Bearer alice-key")


async def call(door: Door, *headers: tuple[str, str], path: str = "/space/bot/greet") -> int:
    """The status of a call by the long way."""
    return (await door._knock("POST", path, [HOST, *headers], b"")).status


def recalled(
    door: Door, *headers: tuple[str, str], path: str = "/space/bot/greet", host: str = "localhost"
) -> WarmCall | None:
    """The same call by the short way, as far as its decision."""
    fields = (("host", host), *headers)
    names, values = [name.encode() for name, _ in fields], [value.encode() for _, value in fields]
    head = plain.read(b"POST", path.encode(), names, values)
    assert head is not None
    return door.gateway.warm.recall(head)


def test_a_decision_is_for_its_place_alone(door: Door) -> None:
    """Another key, path, host, verb or instance header has to be decided on anew."""

    async def scenario() -> None:
        assert await call(door, KEYED) == 200
        found = recalled(door, KEYED)
        assert found is not None
        assert (found.decision.path, found.decision.shown) == ("/greet", "/space/bot/greet")
        assert recalled(door, KEYED, ("x-any", "thing")) is not None
        assert recalled(door) is None
        assert recalled(door, ("authorization", "Bearer bob-key")) is None
        assert recalled(door, KEYED, path="/space/bot/greet/") is None
        assert recalled(door, KEYED, ("x-package-owner-handle", "alice")) is None
        assert recalled(door, KEYED, host="127.0.0.1") is None

    asyncio.run(scenario())


def test_what_was_refused_is_not_remembered(door: Door) -> None:
    """A caller who may not call is refused by the one who knows why, every time."""

    async def scenario() -> None:
        assert await call(door, ("authorization", "Bearer bob-key"), path="/@alice/space/bot/greet") == 404
        assert await call(door, path="/@alice/space/bot/greet") == 401
        assert door.gateway.warm.memory == {}

    asyncio.run(scenario())


@pytest.mark.parametrize("noun", ["key", "user", "workspace", "package", "version", "instance"])
def test_a_change_forgets_every_decision(door: Door, noun: str) -> None:
    """Whatever control reports as changed, the next request is decided on anew."""

    async def scenario() -> None:
        await call(door, KEYED)
        door.changes.report(noun, "ID")
        assert recalled(door, KEYED) is None

    asyncio.run(scenario())


def test_a_decision_that_a_change_overtakes_is_dropped(door: Door) -> None:
    """What was looked up before a change and decided after it is not kept."""

    async def scenario() -> None:
        memory = door.gateway.warm.memory
        await call(door, KEYED)
        [decision] = memory.values()
        door.changes.report("key", "ID")
        head = recalled(door, KEYED)
        assert head is None
        memory[("late",)] = decision
        assert door.gateway.warm.memory == {}

    asyncio.run(scenario())


def test_a_decision_ends(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """It holds no longer than what it was made from; a part of that time after it was made, one request decides anew."""

    async def scenario() -> None:
        await call(door, KEYED)
        now = time.monotonic()

        def at(later: float) -> None:
            monkeypatch.setattr(time, "monotonic", lambda: now + later)

        at(GATEWAY.remember / 2)
        assert recalled(door, KEYED) is None
        assert recalled(door, KEYED) is not None
        at(GATEWAY.remember + 0.001)
        assert recalled(door, KEYED) is None

    asyncio.run(scenario())


def test_workers_are_recalled_by_who_holds_the_key(door: Door) -> None:
    """Another key of the same worker needs no decision of its own, and the calls are those of each key."""

    async def scenario() -> None:
        assert await call(door, ("authorization", "Bearer shipw_one")) == 200
        found = recalled(door, ("authorization", "Bearer shipw_two"))
        assert found is not None
        assert found.actor is not None
        assert found.actor.calls == WORKER.calls == (ENDED, CALL)
        await door.gateway.warm.begin(found, b"", None)
        assert door.runtime.requests[-1].above == (CALL,)

    asyncio.run(scenario())


def test_a_worker_s_key_in_an_odd_form_is_not_remembered(door: Door) -> None:
    """A key that is not found where it belongs would stand for the calls of another."""

    async def scenario() -> None:
        odd = ("authorization", "Bearer  shipw_one")
        assert await call(door, odd) == 200
        assert recalled(door, odd) is None

    asyncio.run(scenario())


def test_the_memory_is_bounded(door: Door) -> None:
    """Of more decisions than it holds the oldest goes, and long places are not kept."""

    async def scenario() -> None:
        await call(door, KEYED)
        [(place, decision)] = door.gateway.warm.memory.items()
        memory = door.gateway.warm.memory
        memory.update({(number,): decision for number in range(GATEWAY.remembered - 1)})
        await call(door, KEYED, path="/space/bot/other")
        assert len(memory) == GATEWAY.remembered
        assert place not in memory
        assert recalled(door, KEYED, path="/space/bot/other") is not None
        await call(door, KEYED, path="/space/bot/" + "x" * 3_000)
        assert recalled(door, KEYED, path="/space/bot/" + "x" * 3_000) is None

    asyncio.run(scenario())
