"""What one warm call costs in the gateway alone: the HTTP protocol, the gateway, a record and a line of the access log.

    python benchmarks/gateway_calls.py [--calls 20000] [--only NAME ...]

Everything but the sockets and the workers is real: requests are handed to uvicorn's protocol by a transport
in memory, 32 connections at once, and the runtime answers at once. Each request has an id and a `traceparent` of
its own, as clients send them. Prints a Markdown table: microseconds of processor time a call, of the event loop's
thread and of the whole process (the writers of records and log lines too), the best of a few rounds; `bare` is an
ASGI application that reads the body and answers.
"""

from __future__ import annotations

import argparse
import asyncio
import secrets
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import uvicorn
import uvloop
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from steamship_engine.app.access_log import AccessLog, logged
from steamship_engine.app.counting import counted
from steamship_engine.app.front import Front
from steamship_engine.app.heads import BoundedHeads
from steamship_engine.app.line_writer import LineWriter
from steamship_engine.app.metrics import Metrics
from steamship_engine.app.protocol import EngineProtocol
from steamship_engine.control import identity, instances
from steamship_engine.control.actor import Actor, Reach
from steamship_engine.control.addresses import Addresses
from steamship_engine.control.ground import Changes, Ground
from steamship_engine.control.instances import CallTarget
from steamship_engine.gateway.app import Gateway
from steamship_engine.model.identifiers import new_id
from steamship_engine.model.states import InitStatus, VersionKind
from steamship_engine.runtime.port import Bases, InstanceSpec, Reply, Request, RuntimePort, VersionSpec
from steamship_engine.store.database import Database
from steamship_engine.store.record_tables import prepare
from steamship_engine.store.records import Records

BASE = "http://localhost:8080/"
CONNECTIONS = 32
KEY = "ship_0123456789ab_" + "k" * 43
ANSWER = b'"Hello, Unicorn!"'
BODY = b'{"name":"Unicorn"}'
TRACES = 500


class Instant:
    """A runtime whose workers take no time."""

    async def invoke(self, instance: InstanceSpec, request: Request) -> Reply:
        """Read the body, answer."""
        async for _ in request.body:
            pass
        return _reply()

    def begin(self, instance: InstanceSpec, request: Request, body: bytes) -> asyncio.Future[Reply]:
        """Answer."""
        future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        future.set_result(_reply())
        return future

    def living(self, calls: Sequence[str]) -> tuple[str, ...]:
        """None."""
        return ()

    def made_by(self, peer: tuple[str, int]) -> tuple[str, ...]:
        """None."""
        return ()


def _reply() -> Reply:
    return Reply(200, (("content-type", "application/json"),), _once(), whole=ANSWER)


async def _once() -> AsyncIterator[bytes]:
    yield ANSWER


class Memory(asyncio.Transport):
    """One connection of a client that sends its next request when it has its answer."""

    def __init__(self, answered: Callable[[Memory], None]) -> None:
        super().__init__()
        self.protocol: HttpToolsProtocol | None = None
        self._answered = answered

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Bytes for the client."""
        if data.endswith(ANSWER) or data == b"0\r\n\r\n":  # type: ignore[union-attr]  # bytes here
            self._answered(self)

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Addresses."""
        return {"peername": ("192.0.2.7", 40_000), "sockname": ("192.0.2.1", 8080)}.get(name, default)

    def is_closing(self) -> bool:
        """Never."""
        return False

    def pause_reading(self) -> None:
        """Nothing is read."""

    def resume_reading(self) -> None:
        """Nothing is read."""

    def close(self) -> None:
        """The protocol has waited long enough for another request."""


@dataclass
class Cost:
    """Microseconds a call."""

    loop: float
    process: float


async def measure(make: Callable[[], Any], calls: int) -> Cost:
    """The cost of `calls` calls on protocols from `make`."""
    loop = asyncio.get_running_loop()
    requests = [_request(number) for number in range(TRACES)]
    ended = loop.create_future()
    sent = done = 0

    def send(transport: Memory) -> None:
        nonlocal sent
        if sent < calls:
            sent += 1
            assert transport.protocol is not None
            loop.call_soon(transport.protocol.data_received, requests[sent % TRACES])

    def answered(transport: Memory) -> None:
        nonlocal done
        done += 1
        send(transport)
        if done == calls:
            ended.set_result(None)

    transports = [Memory(answered) for _ in range(CONNECTIONS)]
    for transport in transports:
        transport.protocol = make()
        transport.protocol.connection_made(transport)
    process, thread = time.process_time(), time.thread_time()
    for transport in transports:
        send(transport)
    await ended
    spent = Cost((time.thread_time() - thread) / calls * 1e6, (time.process_time() - process) / calls * 1e6)
    for transport in transports:
        assert transport.protocol is not None
        transport.protocol._unset_keepalive_if_required()
    return spent


def _request(number: int) -> bytes:
    trace = secrets.token_hex(16)
    head = (
        "POST /@alice/space/bot/greet HTTP/1.1",
        "Host: localhost:8080",
        f"Authorization: Bearer {KEY}",
        "Content-Type: application/json",
        "Accept: */*",
        "User-Agent: gateway-calls/1.0",
        f"X-Request-Id: call-{number}-{trace[:12]}",
        f"traceparent: 00-{trace}-{trace[:16]}-01",
        f"Content-Length: {len(BODY)}",
        "",
        "",
    )
    return "\r\n".join(head).encode() + BODY


async def bare(_scope: Any, receive: Any, send: Any) -> None:
    """The smallest ASGI application that does what a method's caller sees."""
    await receive()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(ANSWER)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": ANSWER})


def ground_in(folder: Path) -> Ground:
    """Ground with real records, whose owner and instance need no database."""
    records = Database(f"sqlite:///{folder / 'records.db'}")
    prepare(records)
    return cast(
        Ground,
        _Ground(
            Addresses(BASE + "api/v1/", BASE, BASE), Changes(), secrets.token_bytes(32), Records(records)
        ),
    )


@dataclass
class _Ground:
    addresses: Addresses
    changes: Changes
    boot_secret: bytes
    records: Records


def gateway_on(ground: Ground) -> Gateway:
    """The gateway before one instance of one user's."""
    alice, instance, workspace = (new_id() for _ in range(3))
    context = {"userId": alice, "invocableHandle": "pack", "invocableVersionHandle": "1.0.0"}
    context |= {"invocableInstanceHandle": "bot", "invocableOwnerId": alice, "invocableOwnerHandle": "alice"}
    version = VersionSpec(new_id(), "b" * 64, "e" * 64, VersionKind.NATIVE)
    bases = Bases(BASE + "api/v1/", BASE, BASE)
    target = CallTarget(
        spec=InstanceSpec(instance, workspace, "space", version, {}, context, bases),
        owner_id=alice,
        owner_handle="alice",
        author_id=alice,
        package_id=new_id(),
        package_handle="pack",
        version_handle="1.0.0",
        instance_handle="bot",
        init_status=InitStatus.NOT_NEEDED,
        public_methods=frozenset(),
        timeouts={},
    )
    control: Any = (identity, instances)
    control[0].authenticate = lambda *_: Actor(alice, "alice", Reach.USER)
    control[1].call_target = lambda *_: target
    return Gateway(ground, cast(RuntimePort, Instant()), cast(Any, None))


class Whole:
    """The front with the gateway behind it, as the engine has them."""

    def __init__(self, ground: Ground, access_log: AccessLog) -> None:
        gateway = gateway_on(ground)
        front: Any = Front(
            ground.addresses, api=bare, gateway=gateway, web=bare, scrape=_unscraped, is_ready=lambda: True
        )
        self.warm, self.access_log, self.metrics = gateway.warm, access_log, Metrics()
        self._front = logged(counted(front, self.metrics), access_log)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """One request."""
        await self._front(scope, receive, send)


async def _unscraped(_scope: Any) -> bytes:
    return b""


async def run(folder: Path, writer: LineWriter, only: Sequence[str], calls: int, rounds: int = 15) -> None:
    """Measure, and print the table."""
    ground, access_log = ground_in(folder), AccessLog(writer.put)
    whole = Whole(ground, access_log)
    subjects: dict[str, tuple[Any, type[HttpToolsProtocol]]] = {
        "bare": (bare, HttpToolsProtocol),
        "asgi": (whole, BoundedHeads),
        "warm": (whole, EngineProtocol),
    }
    ground.records.start()
    costs: dict[str, list[Cost]] = {name: [] for name in subjects if not only or name in only}
    for _ in range(rounds):
        for name, found in costs.items():
            app, protocol = subjects[name]
            config = uvicorn.Config(
                app, lifespan="off", ws="none", log_config=None, access_log=False, proxy_headers=False
            )
            config.load()
            state = ServerState()
            state.default_headers = [(b"date", b"Tue, 24 Nov 2026 12:00:00 GMT")]

            def make(config: Any = config, state: Any = state, protocol: Any = protocol) -> Any:
                return protocol(config, state, {})

            found.append(await measure(make, calls))
    print("| form | loop, us | process, us | of bare |\n|---|---|---|---|")
    base = min(cost.process for cost in costs["bare"]) if "bare" in costs else float("nan")
    for name, found in costs.items():
        loop, process = min(cost.loop for cost in found), min(cost.process for cost in found)
        print(f"| {name} | {loop:.1f} | {process:.1f} | {process / base:.2f} |")
    ground.records.close()


def main() -> None:
    """Read the arguments, measure with the log where an engine has it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=4_000)
    parser.add_argument("--only", nargs="*", default=[])
    arguments = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        (Path(folder) / "engine.log").open("w") as stream,
        LineWriter(stream) as writer,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        runner.run(run(Path(folder), writer, arguments.only, arguments.calls))


if __name__ == "__main__":
    main()
