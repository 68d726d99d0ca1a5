"""Connections from within a worker's network: the engine knows whose they are, and takes no other key there."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from steamship_engine.app.worker_connections import WorkerConnections
from steamship_engine.model.network import Network
from steamship_engine.runtime.port import Caller, Reply
from tests.services.gateway_door import WORKER, Door, once
from tests.services.served import Connection, Served, served

MINE = Caller(WORKER.instance_id, 7, "WS-ID", Network.INTERNET)
OTHER = Caller("INST-9", 8, "WS-9", Network.INTERNET)
OPEN, GREET = "/@alice/space/bot/open", "/@alice/space/bot/greet"
WORKER_KEY, USER_KEY = "Authorization: Bearer shipw_one", "Authorization: Bearer alice-key"


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch) -> Door:
    """A gateway with its fakes; this folder's others have real ones."""
    made = Door(monkeypatch)
    made.runtime.reply = lambda: Reply(200, (("content-type", "text/plain"),), once(b"hi"), whole=b"hi")
    return made


class Behind:
    """The served door, seen from workers' networks."""

    def __init__(self, application: Served) -> None:
        self.application, self.connections = application, WorkerConnections()
        self.ended = 0
        assert application.server is not None
        self.connections.attach(application.server)

    async def connect(self, caller: Caller) -> Connection:
        ours, theirs = socket.socketpair()
        for end in (ours, theirs):
            end.setblocking(False)
        self.connections(theirs, caller, self._ended)
        made = Connection(*await asyncio.open_unix_connection(sock=ours))
        self.application.connections.append(made)
        return made

    async def ask(self, caller: Caller, target: str, *headers: str, verb: str = "GET") -> tuple[int, Any]:
        """Status and body of the answer on a new connection."""
        connection = await self.connect(caller)
        status, body = await ask(connection, target, *headers, verb=verb)
        connection.close()
        return status, body

    def _ended(self) -> None:
        self.ended += 1


async def ask(connection: Connection, target: str, *headers: str, verb: str = "GET") -> tuple[int, Any]:
    connection.send("\r\n".join([f"{verb} {target} HTTP/1.1", "Host: localhost", *headers, "", ""]).encode())
    head, _, body = (await connection.answer()).partition(b"\r\n\r\n")
    return int(head[9:12]), json.loads(body)["status"] if body.startswith(b"{") else body


def _run(door: Door, test: Callable[[Behind], Awaitable[None]], way: str = "warm") -> None:
    async def run() -> None:
        async with served(door, way) as application:
            await test(Behind(application))

    asyncio.run(run())


def test_without_a_key_a_call_counts_as_the_workers(door: Door) -> None:
    """A public method is called by the worker that the listener belongs to, on both ways through the engine."""

    async def test(behind: Behind) -> None:
        for _ in range(3):
            assert await behind.ask(MINE, OPEN) == (200, b"hi")
        assert behind.application.warm_calls > 0

    _run(door, test)
    assert door.runtime.peers == [MINE] * 3


def test_its_own_key_is_taken(door: Door) -> None:
    """For calls again and again, as from anywhere else."""

    async def test(behind: Behind) -> None:
        connection = await behind.connect(MINE)
        for _ in range(4):
            assert await ask(connection, GREET, WORKER_KEY) == (200, b"hi")
        assert behind.application.warm_calls > 0

    _run(door, test)


@pytest.mark.parametrize(
    ("caller", "header", "said"),
    [
        (MINE, USER_KEY, "takes the instance's own key, and no user's"),
        (MINE, "Authorization: Bearer unknown", "takes the instance's own key, and no user's"),
        (MINE, "Authorization: Basic YTpi", "takes the instance's own key, and no user's"),
        (MINE, "Authorization: shipw_one", "takes the instance's own key, and no user's"),
        (OTHER, WORKER_KEY, "the key of another instance"),
    ],
)
@pytest.mark.parametrize("target", [GREET, OPEN, "/api/v1/account/current"])
def test_other_keys_are_refused(door: Door, caller: Caller, header: str, said: str, target: str) -> None:
    """A user's key that somebody has given to a package, and another worker's, open nothing: not even what is public."""

    async def test(behind: Behind) -> None:
        status, failure = await behind.ask(caller, target, header)
        assert (status, failure["statusCode"]) == (403, "Forbidden")
        assert said in failure["statusMessage"]

    _run(door, test)
    assert door.runtime.requests == []


def test_what_is_remembered_of_others_opens_nothing(door: Door) -> None:
    """A call that a user has made a moment ago from outside, warm by now, is no worker's to repeat."""

    async def test(behind: Behind) -> None:
        outside = await behind.application.connect()
        for _ in range(3):
            assert await ask(outside, GREET, USER_KEY) == (200, b"hi")
        assert behind.application.warm_calls > 0
        assert (await behind.ask(MINE, GREET, USER_KEY))[0] == 403
        mine = await behind.connect(MINE)
        assert (await ask(mine, GREET, WORKER_KEY))[0] == 200
        assert (await ask(mine, GREET, USER_KEY))[0] == 403

    _run(door, test)


def test_pages_and_metrics_are_not_for_packages(door: Door) -> None:
    """A worker's loopback is not the operator's: health, the API and packages are all that is there."""

    async def test(behind: Behind) -> None:
        for target in ("/metrics", "/account/client-login", "/account/client-login?x=1"):
            status, failure = await behind.ask(MINE, target)
            assert (status, failure["statusCode"]) == (403, "Forbidden")
        assert (await behind.ask(MINE, "/livez"))[0] == 200
        assert await behind.ask(MINE, "/api/v1/openapi.json") == (200, b"other")

    _run(door, test)


def test_without_a_network_only_the_own_workspace_is_called(door: Door) -> None:
    """Public methods elsewhere are a way out too; a package that asks for no network has none, warm or not."""
    near = MINE._replace(network=Network.NONE)
    far = near._replace(workspace="WS-9")

    async def test(behind: Behind) -> None:
        for _ in range(3):
            assert await behind.ask(near, OPEN) == (200, b"hi")
        assert behind.application.warm_calls > 0
        for _ in range(3):
            status, failure = await behind.ask(far, OPEN)
            assert status == 403
            assert 'network "none"' in failure["statusMessage"]
        assert (await behind.ask(far, GREET, WORKER_KEY))[0] == 403
        assert await behind.ask(far._replace(network=Network.INTERNET), OPEN) == (200, b"hi")

    _run(door, test)


def test_an_ended_connection_is_told(door: Door) -> None:
    """Whoever counts connections hears of each end once; a server that stops takes no new ones."""

    async def test(behind: Behind) -> None:
        first, second = await behind.connect(MINE), await behind.connect(MINE)
        assert await ask(first, OPEN) == (200, b"hi")
        await first.gone()
        await second.gone()
        while behind.ended < 2:
            await asyncio.sleep(0)
        behind.application.stop()
        late = await behind.connect(MINE)
        assert await late.ended()
        assert behind.ended == 3

    _run(door, test)


def test_nobody_is_served_before_there_is_a_server() -> None:
    """A connection that comes too early is closed, and told."""

    async def test() -> None:
        ours, theirs = socket.socketpair()
        ended = asyncio.Event()
        WorkerConnections()(theirs, MINE, ended.set)
        await asyncio.wait_for(ended.wait(), 10)
        assert ours.recv(1) == b""
        ours.close()

    asyncio.run(test())
