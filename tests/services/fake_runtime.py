"""A whole engine in this process, on a runtime that deploys and runs nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from anyio.from_thread import start_blocking_portal

from steamship_engine.app.engine import Engine
from steamship_engine.app.machine import LoopMachine
from steamship_engine.control.ground import Ground
from steamship_engine.runtime.port import (
    BundleFacts,
    Description,
    InstanceSpec,
    Peer,
    Reply,
    ReplyError,
    Request,
    RuntimeStats,
    VersionSpec,
    WorkerFacts,
)
from tests.services.doors import Door
from tests.services.fake_machine import FakeMachine


@dataclass
class FakeRuntime:
    """A runtime on a fake machine. Calls wait until `open` is set, then answer `true` or `error`."""

    machine: FakeMachine = field(default_factory=FakeMachine)
    open: asyncio.Event = field(default_factory=asyncio.Event)
    error: ReplyError | None = None
    called: list[str] = field(default_factory=list)

    async def inspect(self, bundle: Path, digest: str) -> BundleFacts:
        return self.machine.inspect(bundle, digest)

    async def prepare(self, version: VersionSpec) -> Description:
        return self.machine.prepare(version)

    async def discard(self, attempt: str) -> None:
        self.machine.discard(attempt)

    async def invoke(self, instance: InstanceSpec, request: Request) -> Reply:
        self.called.append(request.path)
        await self.open.wait()
        status = 200 if self.error is None else 500
        return Reply(status, (("content-type", "application/json"),), _true(), self.error)

    def begin(self, instance: InstanceSpec, request: Request, body: bytes) -> asyncio.Future[Reply]:
        return asyncio.get_running_loop().create_task(self.invoke(instance, request))

    def living(self, calls: Sequence[str]) -> tuple[str, ...]:
        return ()

    def made_by(self, peer: Peer) -> tuple[str, ...]:
        return ()

    async def stop(self, instance_id: str) -> None:
        self.machine.stop(instance_id)

    async def restart(self, instance_id: str) -> int:
        return self.machine.restart(instance_id)

    def workers(self, instance_id: str) -> list[WorkerFacts]:
        return self.machine.workers(instance_id)

    async def unpacked(self) -> list[str]:
        return self.machine.unpacked()

    async def forget(self, bundle: str) -> None:
        self.machine.forget(bundle)

    def stats(self) -> RuntimeStats:
        return RuntimeStats({})

    async def close(self) -> None:
        self.open.set()


async def _true() -> AsyncIterator[bytes]:
    yield b"true"


@dataclass
class Running:
    """A running engine: its API's door, and what a test may do behind it."""

    door: Door
    open: Callable[[], None]
    """Let the runtime's calls end."""
    wait: Callable[[str], None]
    """Until the task of that id has ended."""


@contextmanager
def running(ground: Ground, runtime: FakeRuntime) -> Iterator[Running]:
    """An engine on that ground, its task loop included."""
    machine = LoopMachine(runtime)
    with start_blocking_portal("asyncio") as portal:
        engine = Engine(replace(ground, machine=machine), runtime, machine, drain_s=1)
        portal.call(engine.start)
        door = Door(engine, portal)

        def wait(task_id: str) -> None:
            portal.call(engine._waiting.wait, task_id, 30)

        try:
            yield Running(door, lambda: portal.call(runtime.open.set), wait)
        finally:
            door.close()
            portal.call(engine.stop)
