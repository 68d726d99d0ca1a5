"""The gateway as a whole, before a runtime that answers from memory, and a door to knock at."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from steamship_engine.control import identity, instances, logs, worker_keys
from steamship_engine.control.actor import Actor, Reach
from steamship_engine.control.addresses import Addresses
from steamship_engine.control.ground import Changes, Ground
from steamship_engine.control.instances import CallTarget, instance_not_found
from steamship_engine.control.package_calls import PackageCall
from steamship_engine.control.schedule import Schedule
from steamship_engine.control.worker_keys import Claim
from steamship_engine.gateway.app import Gateway
from steamship_engine.model.errors import (
    AuthenticationError,
)
from steamship_engine.model.states import InitStatus, VersionKind
from steamship_engine.runtime.port import (
    Bases,
    InstanceSpec,
    Peer,
    Reply,
    Request,
    RuntimePort,
    VersionSpec,
)
from steamship_engine.store.database import Database
from steamship_engine.store.refusals import Refusals

LOCAL = Addresses(api="http://localhost/api/v1/", app="http://localhost/", web="http://localhost/")
APART = Addresses(api="https://api.test/api/v1/", app="https://apps.test/", web="https://web.test/")

CALL, ENDED = "c" * 16, "e" * 16

ALICE = Actor("ALICE-ID", "alice", Reach.USER)
BOB = Actor("BOB-ID", "bob", Reach.USER)
AUTHOR = Actor("AUTHOR-ID", "author", Reach.USER)
KEYS = {
    "alice-key": ALICE,
    "bob-key": BOB,
    "space-key": replace(ALICE, reach=Reach.WORKSPACE, workspace_id="WS-ID"),
    "other-space-key": replace(ALICE, reach=Reach.WORKSPACE, workspace_id="WS-2"),
    "instance-key": replace(ALICE, reach=Reach.INSTANCE, workspace_id="WS-ID", instance_id="INST-ID"),
    "other-instance-key": replace(ALICE, reach=Reach.INSTANCE, workspace_id="WS-ID", instance_id="INST-2"),
}

WORKER = Claim("INST-2", "WS-ID", ALICE.user_id, (ENDED, CALL))

TARGET = CallTarget(
    spec=InstanceSpec(
        instance_id="INST-ID",
        workspace_id="WS-ID",
        workspace_handle="space",
        version=VersionSpec("V-ID", "b" * 64, "e" * 64, VersionKind.NATIVE, 60.0),
        config={},
        context={},
        bases=Bases(LOCAL.api, LOCAL.app, LOCAL.web),
    ),
    owner_id=ALICE.user_id,
    owner_handle="alice",
    author_id=AUTHOR.user_id,
    package_id="P-ID",
    package_handle="pack",
    version_handle="1.0.0",
    instance_handle="bot",
    init_status=InitStatus.NOT_NEEDED,
    public_methods=frozenset({("GET", "/open")}),
    timeouts={("POST", "/slow"): 5.0},
    secrets={"token": "canary-42"},
)


async def once(body: bytes) -> AsyncIterator[bytes]:
    yield body


@dataclass
class FakeRuntime:
    """Answers every call with `reply`, and keeps what it was asked. Where `held` is a list, calls wait in it."""

    reply: Callable[[], Reply]
    requests: list[Request] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    held: list[asyncio.Future[Reply]] | None = None
    peers: list[Peer] = field(default_factory=list)

    async def invoke(self, instance: InstanceSpec, request: Request) -> Reply:
        self.requests.append(request)
        self.bodies.append(b"".join([part async for part in request.body]))
        return self.reply()

    def begin(self, instance: InstanceSpec, request: Request, body: bytes) -> asyncio.Future[Reply]:
        self.requests.append(request)
        self.bodies.append(body)
        future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        if self.held is not None:
            self.held.append(future)
            return future
        try:
            future.set_result(self.reply())
        except Exception as error:
            future.set_exception(error)
        return future

    def living(self, calls: Sequence[str]) -> tuple[str, ...]:
        return tuple(call for call in calls if call != ENDED)

    def made_by(self, peer: Peer) -> tuple[str, ...]:
        self.peers.append(peer)
        return (CALL,)


@dataclass
class Answer:
    """A whole HTTP answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def failure(self) -> dict[str, Any]:
        return cast(dict[str, Any], json.loads(self.body)["status"])


def text_reply() -> Reply:
    """A plain reply."""
    return Reply(200, (("content-type", "text/plain"),), once(b"hi"))


class Door:
    """A gateway with its fakes, and a way to knock."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, addresses: Addresses = LOCAL) -> None:
        self.runtime = FakeRuntime(text_reply)
        self.changes = Changes()
        self.refusals = Refusals(cast(Database, None))
        parts = SimpleNamespace(addresses=addresses, changes=self.changes, refusals=self.refusals)
        ground = self.ground = cast(Ground, parts)
        monkeypatch.setattr(identity, "authenticate", self._authenticate)
        monkeypatch.setattr(instances, "call_target", self._call_target)
        self.minted: list[Sequence[str]] = []
        self.accepted: list[tuple[Actor, PackageCall, Schedule]] = []
        self.asked_holders = 0
        self.kept: list[tuple[str, str, int]] = []
        monkeypatch.setattr(logs, "keep_call", self._keep)
        monkeypatch.setattr(identity, "claimed", lambda _ground, _key: WORKER)
        monkeypatch.setattr(identity, "holder", self._holder)
        monkeypatch.setattr(worker_keys, "mint", self._mint)
        self.gateway = Gateway(ground, cast(RuntimePort, self.runtime), self._accept)

    def _keep(
        self, _ground: Ground, _target: CallTarget, request: Request, status: int, elapsed_s: float
    ) -> None:
        assert 0 <= elapsed_s < 60
        self.kept.append((request.verb, request.path, status))

    def _mint(self, _ground: Ground, _target: CallTarget, calls: Sequence[str]) -> str:
        self.minted.append(calls)
        return "worker-key"

    def _holder(self, _ground: Ground, claim: Claim) -> Actor:
        self.asked_holders += 1
        return replace(ALICE, reach=Reach.WORKER, workspace_id="WS-ID", instance_id=claim.instance_id)

    def _accept(
        self,
        _ground: Ground,
        actor: Actor,
        _target: CallTarget,
        call: PackageCall,
        when: Schedule,
        request_id: str,
    ) -> dict[str, Any]:
        self.accepted.append((actor, call, when))
        return {"taskId": "T-1", "state": "waiting", "requestId": request_id}

    def knock(
        self, verb: str, path: str, *headers: tuple[str, str], body: bytes = b"", key: str | None = None
    ) -> Answer:
        fields = [("host", "localhost"), *headers, *([("authorization", f"Bearer {key}")] if key else [])]
        return asyncio.run(self._knock(verb, path, fields, body))

    async def _knock(self, verb: str, target: str, fields: list[tuple[str, str]], body: bytes) -> Answer:
        path, _, query = target.partition("?")
        scope = {
            "type": "http",
            "method": verb,
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in fields],
        }
        sent: list[dict[str, Any]] = []

        messages = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> dict[str, Any]:
            if not messages:
                await asyncio.Event().wait()
            return messages.pop()

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await self.gateway(scope, receive, send)
        start, *parts = sent
        headers = {name.decode(): value.decode("latin-1") for name, value in start["headers"]}
        return Answer(start["status"], headers, b"".join(part.get("body", b"") for part in parts))

    @staticmethod
    def _authenticate(_ground: Ground, bearer: str) -> Actor:
        if bearer not in KEYS:
            raise AuthenticationError("The key is not valid.")
        return KEYS[bearer]

    @staticmethod
    def _call_target(
        _ground: Ground,
        owner: str | None,
        workspace: str | None,
        instance: str | None,
        instance_id: str | None,
    ) -> CallTarget:
        if instance_id == "INST-ID" or (owner, workspace, (instance or "").lower()) == (
            "alice",
            "space",
            "bot",
        ):
            return TARGET
        raise instance_not_found(instance or instance_id or "")


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch) -> Door:
    """A gateway on loopback addresses."""
    return Door(monkeypatch)
