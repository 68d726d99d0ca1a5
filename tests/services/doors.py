"""The API door on test ground, spoken to as over HTTP but without a socket."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from httpx import ASGITransport, AsyncClient, Response
from starlette.types import ASGIApp

from steamship_engine.api.shell import Api
from steamship_engine.api.table import OPERATIONS
from steamship_engine.control import users
from steamship_engine.control.ground import Ground
from steamship_engine.tasks.waiting import Waiting


class Door:
    """The API, or an engine with it, on an event loop of its own."""

    def __init__(self, api: ASGIApp, portal: BlockingPortal) -> None:
        self._portal = portal
        self._client = AsyncClient(transport=ASGITransport(api), base_url="http://localhost/api/v1/")

    def request(self, verb: str, path: str, **more: Any) -> Response:
        """Send a request, and wait for the whole answer."""
        return self._portal.call(lambda: self._client.request(verb, path, **more))

    def close(self) -> None:
        """End the client."""
        self._portal.call(self._client.aclose)


class Caller:
    """One key's way through the API. `key` None sends none."""

    def __init__(self, door: Door, key: str | None) -> None:
        self._door = door
        self.key = key

    def send(self, verb: str, path: str, headers: Mapping[str, str] | None = None, **more: Any) -> Response:
        """Any request below `/api/v1/`."""
        key = {} if self.key is None else {"authorization": f"Bearer {self.key}"}
        return self._door.request(verb, path, headers={**key, **(headers or {})}, **more)

    def post(self, path: str, body: Mapping[str, Any] | None = None, **headers: str) -> dict[str, Any]:
        """A JSON POST; the whole body. Header names with `_` for `-`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        whole: dict[str, Any] = self.send("POST", path, named, json=dict(body or {})).json()
        return whole

    def data(self, path: str, body: Mapping[str, Any] | None = None, **headers: str) -> dict[str, Any]:
        """The same, where it must succeed; its `data`."""
        whole = self.post(path, body, **headers)
        assert "status" not in whole, whole
        data: dict[str, Any] = whole["data"]
        return data

    def refusal(self, path: str, body: Mapping[str, Any] | None = None, **headers: str) -> str:
        """The same, where it must fail; the code and the message in one line."""
        status = self.post(path, body, **headers)["status"]
        assert status["state"] == "failed", status
        return f"{status['statusCode']}: {status['statusMessage']}"


@pytest.fixture
def door(ground: Ground) -> Iterator[Door]:
    """The API on `ground`, without its task loop."""
    with start_blocking_portal("asyncio") as portal:
        opened = Door(Api(ground, OPERATIONS, Waiting(ground.database).wait), portal)
        yield opened
        opened.close()


@pytest.fixture
def callers(ground: Ground, door: Door) -> tuple[Caller, Caller, Caller]:
    """Two users with a key each, and somebody without one."""
    return (
        Caller(door, users.create(ground.database, "alice", many_users=True)[1]),
        Caller(door, users.create(ground.database, "bob", many_users=True)[1]),
        Caller(door, None),
    )
