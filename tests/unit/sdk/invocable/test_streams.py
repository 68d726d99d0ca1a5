"""Answers that are made while they are sent, without a worker."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from steamship import SteamshipError
from steamship.base.call_scope import current_context
from steamship.invocable import InvocableResponse, PackageMixin, PackageService, get, post
from steamship.invocable.invocable_response import Http
from steamship.invocable.serving import Outcome, Serving, slots, warm
from steamship.invocable.streams import StreamError
from tests.unit.sdk.invocable.conftest import INSTANCE

EVENTS = {"Accept": "text/event-stream"}


class Yields(PackageService):
    closed: tuple[str, ...] = ()

    @post("context")
    def context_of_each_step(self, to: int):
        try:
            for _ in range(to):
                yield current_context().headers["n"]
        finally:
            type(self).closed = (*self.closed, current_context().headers["n"])

    @post("awaited")
    async def awaited(self, to: int):
        try:
            for _ in range(to):
                await asyncio.sleep(0)
                yield current_context().headers["n"]
        finally:
            await asyncio.sleep(0)
            type(self).closed = (*self.closed, current_context().headers["n"])

    @post("later")
    async def later(self):
        return self.context_of_each_step(2)

    @post("unwritable")
    def unwritable(self, first: bool):
        if not first:
            yield 1
        try:
            yield object()
        finally:
            type(self).closed = (*self.closed, "unwritable")

    @post("secret")
    def secret(self):
        yield 1
        raise RuntimeError(f"the token is {self.config_value}")

    config_value = "canary-value"

    @post("response")
    def response(self):
        return InvocableResponse(
            data=iter([b"a", b"", b"b"]), mime_type="text/x", http=Http(status=201, headers={"X-A": "1"})
        )

    @post("json")
    def json(self):
        return InvocableResponse(json=iter([1, 2]))

    @post("plain")
    def plain(self) -> str:
        return current_context().headers["n"]


@pytest.fixture(autouse=True)
def _fresh():
    Yields.closed = ()


def serving() -> Serving:
    return Serving(Yields, INSTANCE)


def about(name: str, **headers: str) -> dict[str, Any]:
    return {"key": "K", "requestId": f"R-{name}", "headers": {"n": name, **headers}}


def called(path: str, arguments: dict[str, Any] | None = None, **headers: str) -> Outcome:
    return serving().call("POST", path, arguments or {}, set(), about("a", **headers))


def parts_of(outcome: Outcome) -> list[bytes]:
    assert outcome.error is None, outcome.error
    return list(outcome.parts)


@pytest.mark.parametrize("path", ["context", "awaited"])
def test_every_step_runs_in_its_calls_context(path):
    """Two generators that are read by turns each see their own call; both end in it, once."""
    served = serving()
    first, second = (served.call("POST", path, {"to": 3}, set(), about(name, **EVENTS)) for name in "ab")
    for _ in range(3):
        assert (next(first.parts), next(second.parts)) == (b'data: "a"\n\n', b'data: "b"\n\n')
    for outcome in (first, second):
        outcome.parts.close()
        outcome.parts.close()
    assert Yields.closed == ("a", "b")
    assert current_context() is None


def test_a_generator_that_a_coroutine_returns_is_a_stream():
    """It does not matter how a method came by its generator."""
    assert json.loads(b"".join(parts_of(called("later")))) == ["a", "a"]


def test_an_array_whose_items_come_quickly_has_few_parts():
    """The first item is a part; those that come quickly after it are put together."""
    parts = parts_of(called("context", {"to": 10_000}))
    assert parts[0] == b'["a"'
    assert len(parts) < 1_000
    assert json.loads(b"".join(parts)) == ["a"] * 10_000


def test_a_first_item_that_cannot_be_written_is_an_error():
    """Before the status is sent it is the call's failure, and the generator is closed."""
    outcome = called("unwritable", {"first": True})
    assert outcome.status == 500
    assert "cannot be written as JSON" in outcome.error["message"]
    assert Yields.closed == ("unwritable",)


def test_a_later_item_that_cannot_be_written_ends_the_stream():
    """The answer is then not complete, and the exception has what the log is to say."""
    outcome = called("unwritable", {"first": False})
    with pytest.raises(StreamError, match="cannot be written as JSON") as ended:
        list(outcome.parts)
    outcome.parts.close()
    assert ended.value.complete is False
    assert Yields.closed == ("unwritable",)


def test_an_event_stream_is_complete_with_its_error():
    """After the error event the parts raise what is for the log, and say that nothing is missing."""
    outcome = called("secret", **EVENTS)
    assert next(outcome.parts) == b"data: 1\n\n"
    event = next(outcome.parts)
    assert event.startswith(b"event: error\n")
    assert b"canary" not in event
    assert b'"requestId":"R-a"' in event
    with pytest.raises(StreamError, match="canary-value") as ended:
        next(outcome.parts)
    assert ended.value.complete is True


def test_a_response_keeps_its_status_and_headers():
    """Status, headers and type of a streamed response are those that it was given."""
    outcome = called("response")
    assert (outcome.status, sorted(outcome.headers)) == (201, [["content-type", "text/x"], ["x-a", "1"]])
    assert b"".join(parts_of(outcome)) == b"ab"


def test_an_iterator_as_json_is_a_list():
    """`json=` is a value, also where it is an iterator."""
    outcome = called("json")
    assert (outcome.parts, outcome.body) == (None, b"[1,2]")


def test_calls_of_one_loop_have_their_own_contexts():
    """Generators that are read by turns in tasks of one event loop see their own calls, plain ones in threads too."""

    async def whole(served: Serving, path: str, name: str, pool: Any) -> list[str]:
        outcome = await served.acall("POST", path, {"to": 3}, set(), about(name, **EVENTS), pool)
        found = []
        async for part in outcome.parts:
            found.append(json.loads(part[6:]))
            await asyncio.sleep(0)
        await outcome.parts.aclose()
        return found

    async def main(path: str, pool: Any) -> list[list[str]]:
        served = serving()
        return await asyncio.gather(*[whole(served, path, name, pool) for name in "ab"])

    with ThreadPoolExecutor(2) as pool:
        for path, threads in (("context", None), ("context", pool), ("awaited", None)):
            Yields.closed = ()
            assert asyncio.run(main(path, threads)) == [["a"] * 3, ["b"] * 3]
            assert sorted(Yields.closed) == ["a", "b"]


def test_a_call_on_a_loop_never_raises():
    """Failures are outcomes there too; an unknown path and wrong arguments among them."""

    async def main() -> list[Outcome]:
        served = serving()
        wanted = (("nothing", {}), ("context", {"to": "x"}), ("plain", {}))
        return [await served.acall("POST", path, given, set(), about("a")) for path, given in wanted]

    assert [outcome.status for outcome in asyncio.run(main())] == [404, 400, 200]


class Waits(PackageService):
    @get("x")
    async def x(self) -> int:
        return 1


class YieldsLater(PackageService):
    @get("x")
    async def x(self):
        yield 1


class Mixin(PackageMixin):
    @get("x")
    async def x(self) -> int:
        return 1


class Mixed(PackageService):
    USED_MIXIN_CLASSES = [Mixin]


class Plain(PackageService):
    @get("x")
    def x(self) -> int:
        return 1

    async def not_served(self) -> None: ...


@pytest.mark.parametrize(("cls", "many"), [(Waits, True), (YieldsLater, True), (Mixed, True), (Plain, False)])
def test_a_class_with_async_methods_takes_many_calls_at_once(cls, many):
    """`slots` is one unless a method that is served, of a mixin too, is a coroutine or an async generator."""
    assert (slots(cls) > 1) is many


def test_warming_never_raises():
    """What is wrong with a class is told by its description, not before."""

    class Broken(PackageService):
        @classmethod
        def config_cls(cls):
            raise SteamshipError("no config")

    warm(Broken)
    warm(Yields)
    assert called("plain").body == b"a"
