"""A warm call takes a way of its own past ASGI: what it says, does and leaves behind is the same on both."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal

from steamship_engine.gateway.repeats import Repeat
from steamship_engine.model.errors import BusyError, PackageCrashedError, UnavailableError
from steamship_engine.model.limits import GATEWAY
from steamship_engine.runtime.port import Reply, ReplyError
from tests.services.gateway_door import Door, once
from tests.services.served import WAYS, Served, served

BODY = b'{"a": 1}'
GREET = "/@alice/space/bot/greet"
KEYED = ("Authorization: Bearer alice-key",)


def request(
    verb: str, target: str, *headers: str, body: bytes | None = None, host: str = "localhost"
) -> bytes:
    """A request as bytes, with an id of its own."""
    fields = [f"Host: {host}", "X-Request-Id: R-1", *headers]
    if body is not None:
        fields.append(f"Content-Length: {len(body)}")
    head = "\r\n".join([f"{verb} {target} HTTP/1.1", *fields, "", ""])
    return head.encode("latin-1") + (body or b"")


def whole(body: bytes = b"hi", status: int = 200, *headers: tuple[str, str]) -> Callable[[], Reply]:
    """A reply that came at once."""
    return lambda: Reply(status, headers or (("content-type", "text/plain"),), once(body), whole=body)


def failing(error: Exception) -> Callable[[], Reply]:
    """A call that raises."""

    def fail() -> Reply:
        raise error

    return fail


def streamed(*parts: bytes, then: Exception | None = None) -> Callable[[], Reply]:
    """A reply that comes in parts."""

    async def body() -> Any:
        for part in parts:
            yield part
        if then is not None:
            raise then

    return lambda: Reply(200, (("content-type", "text/event-stream"), ("x-own", "1")), body())


def refused(code: str, **more: Any) -> Callable[[], Reply]:
    """A reply with an error."""
    return lambda: Reply(500, (), once(b""), ReplyError(code, "No canary-42.", details="TRACE", **more))


POST = request("POST", GREET, *KEYED, "Content-Type: application/json", body=BODY)
OPEN = request("GET", "/@alice/space/bot/open")
HOSTILE = (
    ("set-cookie", "a=b"),
    ("content-type", "text/html"),
    ("content-length", "7"),
    ("transfer-encoding", "chunked"),
    ("x-request-id", "theirs"),
    ("x-split", "a\r\nset-cookie: b=c"),
    ("X-Fine", "yes \xe9"),
    ("access-control-allow-credentials", "true"),
)

WARM = {
    "a call": (POST, whole()),
    "an empty reply": (POST, whole(b"")),
    "a large reply": (POST, whole(b"x" * 900_000)),
    "without a body": (request("POST", GREET, *KEYED), whole()),
    "a query": (request("GET", "/@alice/space/bot/greet?name=a%20b&c=%C3%A9", *KEYED), whole()),
    "an empty query": (request("GET", GREET + "?", *KEYED), whole()),
    "an escaped path": (request("POST", "/space/bot/a%2Fb%20c//d/", *KEYED, body=b""), whole()),
    "a path with marks": (request("GET", "/space/bot/a;b=c/:d/@e", *KEYED), whole()),
    "every verb": (request("PATCH", GREET, *KEYED, body=BODY), whole()),
    "HEAD": (request("HEAD", "/@alice/space/bot/open"), whole()),
    "without a key": (OPEN, whole()),
    "a scoped key": (request("POST", GREET, "Authorization: bearer space-key", body=BODY), whole()),
    "a worker's key": (request("POST", GREET, "Authorization: Bearer shipw_one", body=BODY), whole()),
    "an owner's header": (
        request("POST", "/space/bot/greet", *KEYED, "X-Package-Owner-Handle: alice", body=BODY),
        whole(),
    ),
    "an instance's id": (
        request("POST", "/_/_/greet", *KEYED, "X-Package-Instance-Id: INST-ID", body=BODY),
        whole(),
    ),
    "an engine's path": (
        request("GET", "/api/v1/open", "X-Package-Instance-Id: INST-ID", *KEYED),
        whole(),
    ),
    "odd headers": (
        request("POST", GREET, *KEYED, "X-ODD_name: \xe9\xff", "Accept: a", "accept: b", "Cookie: c", "X-Forwarded-For: 1.2.3.4"),
        whole(),
    ),
    "an odd id": (POST.replace(b"R-1", b"R-" + b"1" * 100), whole()),
    "closing": (request("POST", GREET, *KEYED, "Connection: close", body=BODY), whole()),
    "hostile headers": (POST, whole(b"<p>", 201, *HOSTILE)),
    "no content": (POST, whole(b"surplus", 204)),
    "not modified": (POST, whole(b"", 304, ("etag", '"1"'))),
    "an odd status": (POST, whole(b"teapot", 599)),
    "a stream": (POST, streamed(b"one", b"", b"two")),
    "a stream for HEAD": (request("HEAD", "/@alice/space/bot/open"), streamed(b"one")),
    "a stream that breaks off": (POST, streamed(b"half", then=PackageCrashedError("gone"))),
    "a refusal": (POST, refused("NotFound")),
    "a failure for its owner": (POST, refused("PackageError")),
    "a failure for a stranger": (OPEN, refused("PackageError")),
    "a deliberate failure": (OPEN, refused("PackageError", deliberate=True, suggestion="Rest.")),
    "a failure for HEAD": (request("HEAD", "/@alice/space/bot/open"), refused("PackageError")),
    "a crash": (POST, failing(PackageCrashedError("canary-42", details="canary-42"))),
    "a full queue": (POST, failing(BusyError("full", retry_after_s=7))),
    "no worker": (POST, failing(UnavailableError("later", retry_after_s=3))),
    "a mistake of ours": (POST, failing(ZeroDivisionError("secret"))),
}  # fmt: skip

ENDING = {"closing", "a stream that breaks off"}
"""After these the server closes the connection."""

ODD = {
    "no key": request("POST", GREET, body=BODY),
    "a wrong key": request("POST", GREET, "Authorization: Bearer wrong", body=BODY),
    "no bearer": request("POST", GREET, "Authorization: Basic abc", body=BODY),
    "a stranger's key": request("POST", GREET, "Authorization: Bearer bob-key", body=BODY),
    "another's instance": request("POST", "/space/nobot/greet", *KEYED, body=BODY),
    "no instance": request("GET", "/space", *KEYED),
    "bad escapes": request("GET", "/space/bot/%ff", *KEYED),
    "an unknown host": request("POST", GREET, *KEYED, body=BODY, host="example.com"),
    "a malformed host": request("POST", GREET, *KEYED, body=BODY, host="a/b"),
    "two hosts": request("POST", GREET, *KEYED, "Host: localhost", body=BODY),
    "no host": POST.replace(b"Host: localhost\r\n", b""),
    "two keys": request("POST", GREET, *KEYED, *KEYED, body=BODY),
    "two types": request("POST", GREET, *KEYED, "Content-Type: a", "content-type: b", body=BODY),
    "two ids": request("POST", GREET, *KEYED, "X-Request-Id: R-2", body=BODY),
    "two lengths": request("POST", GREET, *KEYED, "Content-Length: 3", body=BODY),
    "a length and chunks": request("POST", GREET, *KEYED, "Transfer-Encoding: chunked", body=BODY),
    "chunks": request("POST", GREET, *KEYED, "Transfer-Encoding: chunked") + b"3\r\nabc\r\n0\r\n\r\n",
    "a whole address": request("POST", "http://localhost" + GREET, *KEYED, body=BODY),
    "two slashes": request("POST", "/" + GREET, *KEYED, body=BODY),
    "a fragment": request("POST", GREET + "#there", *KEYED, body=BODY),
    "OPTIONS": request("OPTIONS", GREET),
    "an unknown verb": request("PURGE", GREET, *KEYED),
    "large headers": request("POST", GREET, *KEYED, f"X-A: {'a' * GATEWAY.headers}", body=BODY),
    "a body too large": request("POST", GREET, *KEYED, f"Content-Length: {GATEWAY.body + 1}"),
    "a large body": request("POST", GREET, *KEYED, body=b"b" * (GATEWAY.small + 1)),
    "a task": request("POST", GREET, *KEYED, "X-Task-Background: true", body=BODY),
    "no task": request("POST", GREET, *KEYED, "X-Task-Background: false", body=BODY),
    "HTTP/1.0": POST.replace(b"HTTP/1.1", b"HTTP/1.0"),
    "an upgrade": request("GET", GREET, *KEYED, "Connection: upgrade", "Upgrade: websocket"),
    "the API": request("GET", "/api/v1/account/current", *KEYED),
    "health": request("GET", "/livez"),
    "no HTTP": b"NONSENSE\r\n\r\n",
}


@dataclass
class Seen:
    """What a request said, did and left behind."""

    answers: list[bytes]
    asked: list[Any]
    minted: list[int]
    kept: list[Any]
    lines: list[str]
    counts: dict[Any, int]


class House:
    """One gateway behind two servers, one for each way."""

    def __init__(self, portal: BlockingPortal, door: Door, ways: dict[str, Served]) -> None:
        self._portal, self._door, self._ways = portal, door, ways

    def seen(
        self, way: str, raw: bytes, reply: Callable[[], Reply], *, together: bool = False
    ) -> tuple[Seen, int]:
        """The request, made three times on one of the ways before a gateway that remembers nothing, and how often it was warm.

        `together`: on one connection, with an id of its own each time, the third in two parts.
        """
        return self._portal.call(self._seen, self._ways[way], raw, reply, together)

    async def _seen(
        self, served: Served, raw: bytes, reply: Callable[[], Reply], together: bool
    ) -> tuple[Seen, int]:
        door = self._door
        door.runtime.reply = reply
        door.changes.report("instance", "ID")
        for past in (door.runtime.requests, door.runtime.bodies, door.minted, door.kept):
            past.clear()
        lines, counts, warm = len(served.lines), Counter(served.counts), served.warm_calls
        answers = (
            await _asked_together(served, raw) if together else [await served.ask(raw) for _ in range(3)]
        )
        noted = sum(b"Invalid HTTP" not in answer for answer in answers)
        while sum(served.counts.values()) < sum(counts.values()) + noted:
            await asyncio.sleep(0.001)
        asked = [
            (
                asked.verb, asked.path, asked.query, asked.headers, asked.key, asked.request_id, asked.timeout_s,
                asked.above, asked.awaited, body,
            )
            for asked, body in zip(door.runtime.requests, door.runtime.bodies, strict=True)
        ]  # fmt: skip
        minted = [len(calls) for calls in door.minted]
        new = Counter(served.counts) - counts
        found = Seen(answers, asked, minted, list(door.kept), served.lines[lines:], dict(new))
        return found, served.warm_calls - warm


async def _asked_together(served: Served, raw: bytes) -> list[bytes]:
    connection = await served.connect()
    answers = []
    for number in range(3):
        data = raw.replace(b"X-Request-Id: R-1", b"X-Request-Id: R-%d" % number)
        cut = data.index(b"\r\n\r\n") + 4 if number == 2 else len(data)
        connection.send(data[:cut])
        if number == 2:
            await connection.sent()
            connection.send(data[cut:])
        answers.append(await connection.answer(raw.startswith(b"HEAD")))
    await connection.gone()
    return answers


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    """The same for all tests here: to start a server takes longer than a test."""
    with pytest.MonkeyPatch.context() as monkeypatch, start_blocking_portal("asyncio") as portal:
        door = Door(monkeypatch)
        with ExitStack() as stack:
            ways = {
                way: stack.enter_context(portal.wrap_async_context_manager(served(door, way))) for way in WAYS
            }
            yield House(portal, door, ways)


@pytest.mark.parametrize("name", WARM)
def test_a_warm_call_is_the_same_on_both_ways(house: House, name: str) -> None:
    """The second and third time a request takes the short way, and nothing tells it from the long one."""
    slow, never = house.seen("asgi", *WARM[name])
    fast, often = house.seen("warm", *WARM[name])
    assert (never, often) == (0, 2)
    assert fast == slow
    assert len(slow.asked) == 3
    assert len(set(slow.answers)) == 1


@pytest.mark.parametrize("name", ODD)
def test_what_is_odd_takes_the_long_way(house: House, name: str) -> None:
    """A request that is refused, unusual or not a package's is read by the one who knows all there is."""
    slow, _ = house.seen("asgi", ODD[name], whole())
    fast, often = house.seen("warm", ODD[name], whole())
    assert often == 0
    assert fast == slow


@pytest.mark.parametrize("name", [name for name in WARM if name not in ENDING])
def test_requests_of_one_connection_are_the_same_on_both_ways(house: House, name: str) -> None:
    """A head that was read on a connection is not read again, and nothing tells that either."""
    slow, _ = house.seen("asgi", *WARM[name], together=True)
    fast, often = house.seen("warm", *WARM[name], together=True)
    assert fast == slow
    assert often == 2


def test_a_head_is_read_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first warm request of a connection is parsed, the next ones are known."""
    known: list[bool] = []
    again = Repeat.again

    def spy(repeat: Repeat, data: bytes) -> Any:
        found = again(repeat, data)
        known.append(found is not None)
        return found

    monkeypatch.setattr(Repeat, "again", spy)
    house.seen("warm", *WARM["a call"], together=True)
    assert known == [True]
    house.seen("warm", *WARM["odd headers"], together=True)
    assert known == [True, True]
