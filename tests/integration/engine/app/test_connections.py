"""Connections on both ways of a call: order, departures, pauses, changes and the server's end."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from steamship_engine.gateway.calls import LEFT
from steamship_engine.runtime.port import Reply
from tests.services.gateway_door import KEYS, Door, once, text_reply
from tests.services.served import Connection, Served, served

GET = b"GET /@alice/space/bot/open HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: R-1\r\n\r\n"
POST = (
    b"POST /@alice/space/bot/greet HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: R-2\r\n"
    b"Authorization: Bearer alice-key\r\nContent-Length: 6\r\n\r\nabcdef"
)

pytestmark = pytest.mark.parametrize("way", ["asgi", "warm"])

Scenario = Callable[[Served, Connection], Awaitable[None]]


def play(monkeypatch: pytest.MonkeyPatch, way: str, scenario: Scenario, **settings: Any) -> Served:
    """The scenario, on a connection whose requests are known to the gateway already."""
    door = Door(monkeypatch)

    async def run() -> Served:
        async with served(door, way, **settings) as application:
            for raw in (GET, POST):
                await application.ask(raw)
            door.kept.clear()
            await asyncio.wait_for(scenario(application, await application.connect()), 20)
            if way == "warm":
                assert application.warm_calls > 0, "the scenario is not about the short way"
            return application

    return asyncio.run(run())


async def until(true: Callable[[], Any]) -> None:
    """Wait for what another task does."""
    while not true():
        await asyncio.sleep(0.001)


def number(answer: bytes) -> bytes:
    """What stands in the last place of an answer's body."""
    return answer[-1:]


def counting() -> Callable[[], Reply]:
    """Replies `0`, `1`, `2` and so on."""
    numbers = iter(range(100))

    def reply() -> Reply:
        body = str(next(numbers)).encode()
        return Reply(200, (), once(body), whole=body)

    return reply


def test_requests_sent_ahead_are_answered_in_order(monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    """Ten requests in one packet get ten answers, each after the one before it."""

    async def scenario(application: Served, connection: Connection) -> None:
        application.door.runtime.reply = counting()
        connection.send((GET + POST) * 5)
        answers = [await connection.answer() for _ in range(10)]
        assert [number(answer) for answer in answers] == [b"%d" % place for place in range(10)]
        assert [b"R-1" in answer for answer in answers] == [True, False] * 5

    application = play(monkeypatch, way, scenario)
    assert application.door.runtime.bodies[2:] == [b"", b"abcdef"] * 5


@pytest.mark.parametrize("line", [b"", b"X-Request-Id: no id\r\n"], ids=["none", "odd"])
def test_requests_without_an_id_have_one_each(monkeypatch: pytest.MonkeyPatch, way: str, line: bytes) -> None:
    """Equal requests of one connection whose client names no id are told apart, in their answers and by the package."""
    raw = GET.replace(b"X-Request-Id: R-1\r\n", line)

    async def scenario(application: Served, connection: Connection) -> None:
        answers = []
        for _ in range(4):
            connection.send(raw)
            answers.append(await connection.answer())
        told = {re.findall(rb"(?i)\r\nx-request-id: (\S+)\r\n", answer)[0].decode() for answer in answers}
        assert len(told) == 4
        assert told == {asked.request_id for asked in application.door.runtime.requests[-4:]}

    play(monkeypatch, way, scenario)


def test_a_second_request_waits_for_the_first(monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    """A request that comes while another one runs begins when that one is answered."""

    async def scenario(application: Served, connection: Connection) -> None:
        runtime = application.door.runtime
        runtime.held = []
        connection.send(POST)
        await until(lambda: runtime.held)
        connection.send(GET + GET)
        await connection.sent()
        assert len(runtime.held) == 1
        for place, request_id in enumerate((b"R-2", b"R-1", b"R-1")):
            await until(lambda: len(runtime.held) > place)  # noqa: B023  # it is awaited here
            runtime.held[place].set_result(text_reply())
            assert request_id in await connection.answer()

    play(monkeypatch, way, scenario)


def test_a_request_may_come_byte_by_byte(monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    """Wherever a request is cut, it is the same request."""

    async def scenario(application: Served, connection: Connection) -> None:
        for cut in range(1, len(POST), 7):
            connection.send(POST[:cut])
            await connection.sent()
            connection.send(POST[cut:])
            assert (await connection.answer()).endswith(b"hi\r\n0\r\n\r\n")

    application = play(monkeypatch, way, scenario)
    assert set(application.door.runtime.bodies[1:]) == {b"abcdef"}


def test_a_call_whose_client_leaves_is_withdrawn(monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    """The runtime learns at once that nobody waits; record, log and counts say that the client left."""

    async def scenario(application: Served, connection: Connection) -> None:
        runtime = application.door.runtime
        runtime.held = []
        connection.send(POST)
        await until(lambda: runtime.held)
        connection.close()
        await until(runtime.held[0].cancelled)
        await until(lambda: application.counts.get(("gateway", "POST", 4)))

    application = play(monkeypatch, way, scenario)
    assert application.door.kept == [("POST", "/greet", LEFT)]
    assert application.lines[-1] == "POST /@alice/space/bot/greet 499 ms -"


def test_a_request_that_is_never_complete_is_no_call(monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    """Who leaves in the middle of a body has called nothing."""

    async def scenario(application: Served, connection: Connection) -> None:
        asked = len(application.door.runtime.requests)
        connection.send(POST[:-3])
        await connection.sent()
        connection.close()
        await until(lambda: application.counts.get(("gateway", "POST", 4)))
        assert len(application.door.runtime.requests) == asked

    application = play(monkeypatch, way, scenario)
    assert application.door.kept == []
    assert application.lines[-1] == "POST /@alice/space/bot/greet 499 ms -"


def test_a_stream_whose_client_leaves_is_dropped(monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    """A reply in parts is read no further when nobody is there to read it, and the record says so."""
    closed = asyncio.Event()

    async def scenario(application: Served, connection: Connection) -> None:
        async def endless() -> Any:
            try:
                yield b"first"
                await asyncio.Event().wait()
            finally:
                closed.set()

        application.door.runtime.reply = lambda: Reply(200, (), endless())
        connection.send(POST)
        await connection.until(b"first")
        connection.close()
        await closed.wait()
        await until(lambda: application.door.kept)

    assert play(monkeypatch, way, scenario).door.kept == [("POST", "/greet", LEFT)]


def test_a_change_is_seen_by_the_next_request(monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    """On a connection that has called a moment ago, a revoked key opens nothing."""

    async def scenario(application: Served, connection: Connection) -> None:
        connection.send(POST)
        assert b" 200 " in await connection.answer()
        monkeypatch.delitem(KEYS, "alice-key")
        application.door.changes.report("key", "KEY-ID")
        connection.send(POST)
        assert b" 401 " in await connection.answer()

    play(monkeypatch, way, scenario)


def test_a_stopping_server_finishes_what_runs(monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    """A call in flight is answered, says that the connection ends, and idle connections end at once."""

    async def scenario(application: Served, connection: Connection) -> None:
        runtime = application.door.runtime
        idle = await application.connect()
        idle.send(GET)
        await idle.answer()
        runtime.held = []
        connection.send(POST)
        await until(lambda: runtime.held)
        application.stop()
        assert await idle.ended()
        runtime.held[0].set_result(text_reply())
        answer = await connection.answer()
        assert b" 200 " in answer
        assert b"connection: close" in answer
        assert await connection.ended()

    play(monkeypatch, way, scenario)


def test_a_stopping_server_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    """A call that does not end in time is withdrawn, and its caller told to come back."""

    async def scenario(application: Served, connection: Connection) -> None:
        runtime = application.door.runtime
        runtime.held = []
        connection.send(POST)
        await until(lambda: runtime.held)
        application.stop()
        answer = await connection.answer()
        assert b" 503 " in answer
        assert b"retry-after: " in answer
        assert b"The engine is stopping." in answer
        assert runtime.held[0].cancelled()

    application = play(monkeypatch, way, scenario, timeout_graceful_shutdown=1)
    assert application.door.kept == [("POST", "/greet", 503)]


def test_an_idle_connection_is_closed(monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    """A client that asks nothing more for the time that is allowed is not waited for; one that asks in time is."""

    async def scenario(application: Served, connection: Connection) -> None:
        for _ in range(3):
            connection.send(GET)
            await connection.answer()
            await asyncio.sleep(0.4)
        assert await connection.ended()

    play(monkeypatch, way, scenario, timeout_keep_alive=1)


def test_a_client_that_reads_nothing_is_waited_for(monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    """Of answers that nobody reads, few are made; all come when they are read."""
    size = 3_000_000
    body = b"x" * size

    async def scenario(application: Served, connection: Connection) -> None:
        runtime = application.door.runtime
        runtime.reply = lambda: Reply(200, (), once(body), whole=body)
        before = len(runtime.requests)
        connection.pause()
        for _ in range(30):
            connection.send(POST)
            await connection.sent()
        made = -1
        while made != len(runtime.requests):
            made = len(runtime.requests)
            await asyncio.sleep(0.2)
        assert made - before < 10
        connection.resume()
        for _ in range(30):
            assert (await connection.answer()).endswith(b"xxx")

    play(monkeypatch, way, scenario)
