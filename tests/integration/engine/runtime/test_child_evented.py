"""A worker that runs several calls at once, driven without an engine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.services.driven_child import DrivenChild, driven_child

MIB = 1024 * 1024

API = """
import asyncio, os, sys, threading, time
from steamship.invocable import InvocableResponse, PackageService, get, post


class Meets(PackageService):
    made = 0

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        type(self).made += 1
        self.event = asyncio.Event()
        self.barrier = threading.Barrier(2)
        asyncio.run(asyncio.sleep(0))

    @post("first")
    async def first(self) -> str:
        await self.event.wait()
        return "first"

    @post("second")
    async def second(self) -> str:
        self.event.set()
        return "second"

    @post("count")
    def count(self) -> int:
        return self.made

    @post("who")
    async def who(self, name: str) -> list:
        print(f"{name} begins", end="")
        print(f"{name} on stderr", file=sys.stderr)
        await self.event.wait()
        print(f", {name} ends")
        return [self.context.headers["x-name"], self.client.config.api_key.get_secret_value(), self.client._request_id()]

    @post("sleeps")
    async def sleeps(self):
        print("sleeps")
        try:
            await asyncio.sleep(1000)
        finally:
            await asyncio.sleep(0)
            print("was woken")

    @post("stubborn")
    async def stubborn(self) -> str:
        print("begins")
        try:
            await asyncio.sleep(1000)
        except asyncio.CancelledError:
            return "all the same"

    @post("drips")
    async def drips(self, to: int):
        try:
            for number in range(to):
                yield number
                await asyncio.sleep(0)
        finally:
            print(f"closed for {self.context.headers['x-name']}")

    @post("plain_drips")
    def plain_drips(self, to: int):
        try:
            yield from range(to)
        finally:
            print(f"closed for {self.context.headers['x-name']}")

    @post("breaks")
    async def breaks(self):
        yield 1
        raise RuntimeError("broke in the middle")

    @post("gives_up")
    async def gives_up(self):
        raise asyncio.CancelledError

    @post("runs")
    def runs(self) -> str:
        return asyncio.run(self.inner())

    async def inner(self) -> str:
        await asyncio.sleep(0)
        return "run in a loop of its own"

    @post("meets")
    def meets(self) -> list:
        self.barrier.wait(20)
        return [self.context.headers["x-name"], self.client.config.api_key.get_secret_value(), self.client._request_id()]

    @post("waits")
    def waits(self, folder: str) -> str:
        print("waits")
        while not os.path.exists(os.path.join(folder, "go")):
            time.sleep(0.005)
        return "waited"

    @post("big")
    async def big(self, letter: str, size: int) -> bytes:
        return letter.encode() * size

    @post("hungry")
    async def hungry(self):
        raise MemoryError("no bytes left")

    @post("fails")
    async def fails(self):
        raise ValueError(self.context.headers["x-name"])
"""


@pytest.fixture
def load(tmp_path: Path) -> Iterator[Any]:
    """Starts a worker with the class above."""
    (tmp_path / "api.py").write_text(API)
    with driven_child() as driven:

        def start(concurrency: int | None = None, slots: int = 100) -> DrivenChild:
            assert driven.load(tmp_path, concurrency=concurrency) == {"type": "loaded", "slots": slots}
            return driven

        yield start


def named(name: str) -> list[list[str]]:
    """Headers of a call."""
    return [["content-type", "application/json"], ["x-name", name]]


def test_two_calls_wait_for_each_other(load):
    """A coroutine that waits for what another call does gets it: both run at once, on one object, made once."""
    child = load()
    child.call(1, "/first")
    child.call(2, "/second")
    assert {(child.frame().body) for _ in range(2)} == {b"first", b"second"}
    child.call(3, "/count")
    assert child.frame().body == b"1"


def test_each_call_has_its_own_context_key_and_output(load):
    """Headers, key, request id and what is printed belong to the call, however the calls are interleaved."""
    child = load()
    child.call(1, "/who", {"name": "ann"}, headers=named("ann"))
    child.call(2, "/who", {"name": "bob"}, headers=named("bob"))
    child.call(3, "/second")
    replies = {got.id: got.body for got in (child.frame() for _ in range(3))}
    assert json.loads(replies[1]) == ["ann", "key-1", "R-1"]
    assert json.loads(replies[2]) == ["bob", "key-2", "R-2"]
    assert set(child.said()) == {
        (1, "info", "ann begins, ann ends"),
        (1, "error", "ann on stderr"),
        (2, "info", "bob begins, bob ends"),
        (2, "error", "bob on stderr"),
    }


def test_a_withdrawn_coroutine_is_cancelled(load):
    """A coroutine whose caller has left is cancelled where it waits; its `finally` runs, and others go on."""
    child = load()
    child.call(1, "/sleeps")
    child.log()
    child.send("withdraw", id=1)
    assert child.frame().header == {"type": "withdrawn", "id": 1}
    assert child.said() == [(1, "info", "sleeps"), (1, "info", "was woken")]
    child.call(2, "/second")
    assert child.frame().body == b"second"


def test_a_coroutine_that_does_not_give_up_is_withdrawn_all_the_same(load):
    """What a cancelled coroutine returns after all is not sent."""
    child = load()
    child.call(1, "/stubborn")
    child.log()
    child.send("withdraw", id=1)
    assert child.frame().header == {"type": "withdrawn", "id": 1}


def test_a_coroutine_that_cancels_itself_has_failed(load):
    """A CancelledError that nobody asked for is the method's failure."""
    child = load()
    child.call(1, "/gives_up")
    got = child.frame()
    assert (got.type, got.header["status"]) == ("reply", 500)


@pytest.mark.parametrize("path", ["/drips", "/plain_drips"])
def test_a_generator_is_sent_as_it_is_taken(load, path):
    """Async and plain generators are sent item by item, as far as they are taken, and run their end in their context."""
    child = load()
    child.call(1, path, {"to": 3}, headers=named("ann"))
    assert json.loads(child.whole(1)) == [0, 1, 2]
    assert child.said() == [(1, "info", "closed for ann")]


@pytest.mark.parametrize("path", ["/drips", "/plain_drips"])
@pytest.mark.parametrize("concurrency", [None, 4])
def test_a_generator_is_closed_when_its_caller_leaves(load, path, concurrency):
    """A generator that waits to be taken is closed at once by a withdrawal, in its call's context."""
    child = load(concurrency, concurrency or 100)
    child.call(1, path, {"to": 1_000_000}, headers=named("ann"))
    child.frame(), child.frame()
    child.send("withdraw", id=1)
    assert child.frame().header == {"type": "withdrawn", "id": 1}
    assert child.said() == [(1, "info", "closed for ann")]


def test_an_exception_in_the_middle_breaks_the_reply_off(load):
    """After a first item the answer ends unfinished, and the traceback is logged as the call's."""
    child = load()
    child.call(1, "/breaks")
    assert child.frame().body == b"[1"
    assert child.frame().header == {"type": "withdrawn", "id": 1}
    call, level, text = child.said()[-1]
    assert (call, level) == (1, "error")
    assert "broke in the middle" in text


def test_big_replies_are_interleaved_each_by_its_own_takes(load):
    """Of two big replies each gives two parts; then only the one that is taken goes on."""
    child = load()
    child.call(1, "/big", {"letter": "a", "size": 4 * MIB})
    child.call(2, "/big", {"letter": "b", "size": 4 * MIB})
    begun = [child.frame() for _ in range(4)]
    assert sorted(got.id for got in begun) == [1, 1, 2, 2]
    child.send("take", id=2)
    child.send("take", id=2)
    rest = [child.frame(), child.frame()]
    assert [(got.id, got.body[:1]) for got in rest] == [(2, b"b"), (2, b"b")]
    assert not rest[1].more
    child.send("take", id=1)
    child.send("withdraw", id=1)
    assert child.frame().id == 1


def test_bodies_are_interleaved(load):
    """The parts of two bodies may come in any order; the call that is whole first runs first."""
    child = load()
    child.call_with(1, "/big", b'{"letter": "a", ', more=True)
    child.call_with(2, "/big", b'{"letter": "b", ', more=True)
    child.send("body", b'"size": 2}', id=2, more=False)
    assert (child.frame().body) == b"bb"
    child.send("body", b'"size": 3}', id=1, more=False)
    assert (child.frame().body) == b"aaa"


def test_a_plain_method_may_run_a_loop_of_its_own(load):
    """`asyncio.run` works in a plain method of a class with async ones, and leaves the worker's loop as it was."""
    child = load()
    for number in (1, 2):
        child.call(number, "/runs")
        assert child.frame().body == b"run in a loop of its own"
    child.call(3, "/first")
    child.call(4, "/second")
    assert {child.frame().body for _ in range(2)} == {b"first", b"second"}


def test_threads_run_plain_methods_at_once(load):
    """With concurrency=4 two plain methods that wait for each other finish, each with its own context."""
    child = load(4, 4)
    child.call(1, "/meets", headers=named("ann"))
    child.call(2, "/meets", headers=named("bob"))
    replies = {got.id: json.loads(got.body) for got in (child.frame() for _ in range(2))}
    assert replies == {1: ["ann", "key-1", "R-1"], 2: ["bob", "key-2", "R-2"]}
    child.call(3, "/count")
    assert child.frame().body == b"1"


def test_a_plain_method_in_a_thread_runs_to_its_end(load, tmp_path):
    """A withdrawn plain method is not interrupted; the worker says `withdrawn` when it has returned."""
    child = load(2, 2)
    child.call(1, "/waits", {"folder": str(tmp_path)})
    child.log()
    child.send("withdraw", id=1)
    child.call(2, "/second")
    assert child.frame().body == b"second"
    (tmp_path / "go").touch()
    assert child.frame().header == {"type": "withdrawn", "id": 1}


def test_no_more_calls_run_than_there_are_slots(load):
    """A call beyond the slots waits for one to end; withdrawn there, it never runs."""
    child = load(1, 1)
    child.call(1, "/sleeps")
    child.call(2, "/second")
    child.call(3, "/count")
    child.log()
    child.send("withdraw", id=2)
    child.send("withdraw", id=1)
    got = [child.frame() for _ in range(3)]
    assert [(frame.type, frame.id) for frame in got] == [("withdrawn", 1), ("withdrawn", 2), ("reply", 3)]


def test_errors_are_their_own_calls(load):
    """Calls that fail beside each other each get their own error."""
    child = load()
    child.call(1, "/fails", headers=named("ann"))
    child.call(2, "/fails", headers=named("bob"))
    child.call(3, "/nothing")
    got = {frame.id: frame.header for frame in (child.frame() for _ in range(3))}
    assert got[1]["error"]["message"] == "ValueError: ann"
    assert got[2]["error"]["message"] == "ValueError: bob"
    assert got[3]["status"] == 404


def test_a_worker_out_of_memory_lets_the_others_end_first(load):
    """After a MemoryError no call begins; the process ends when those that run have been answered."""
    child = load()
    child.call(1, "/first")
    child.call(2, "/who", {"name": "ann"}, headers=named("ann"))
    child.log()
    child.call(3, "/hungry")
    got = child.frame()
    assert (got.id, got.header["error"]["code"]) == (3, "PackageMemory")
    child.send("withdraw", id=1)
    child.send("withdraw", id=2)
    assert {child.frame().type for _ in range(2)} == {"withdrawn"}
    assert child.ended() == 0


def test_a_class_without_async_methods_has_one_slot(tmp_path):
    """A class of plain methods is served one call at a time, and in threads where that was asked for."""
    (tmp_path / "api.py").write_text(
        "from steamship.invocable import PackageService, post\n"
        "class P(PackageService):\n    @post('x')\n    def x(self): return 1\n"
    )
    for concurrency, slots in ((None, 1), (1, 1), (3, 3)):
        with driven_child() as child:
            assert child.load(tmp_path, concurrency=concurrency)["slots"] == slots
            child.call(1, "/x")
            assert child.frame().body == b"1"
