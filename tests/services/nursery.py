"""Zygotes and workers without a runtime around them: the launcher, versions of tiny packages, and frames by hand."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from steamship_engine.model.limits import RUNTIME
from steamship_engine.model.version_limits import VersionLimits
from steamship_engine.runtime.bundle import Bundles
from steamship_engine.runtime.environments import Environments, keep_wheel
from steamship_engine.runtime.frames import Log
from steamship_engine.runtime.installer import Installer
from steamship_engine.runtime.interpreter import for_natives
from steamship_engine.runtime.launching import Launcher
from steamship_engine.runtime.layers import Layers
from steamship_engine.runtime.port import VersionSpec
from steamship_engine.runtime.processes import WorkerProcess
from steamship_engine.runtime.scratch import Scratch
from steamship_engine.runtime.zygotes import Zygotes
from tests.packages import bundle
from tests.services.driven_child import INSTANCE
from tests.services.runtimes import tiny_wheel
from tests.services.sandboxes import UNCONFINED

_LENGTHS = struct.Struct(">II")


@dataclass
class Grown:
    """A worker's process, and the frames to and from it. `lines` is what it printed."""

    process: WorkerProcess
    lines: list[str] = field(default_factory=list)
    _calls: int = 0
    _held: bytes = b""

    async def load(self, code: Path, kind: str = "native") -> dict[str, Any]:
        """Tell it whose it is; what it answers."""
        await self._send(
            {"type": "load", "code": str(code), "kind": kind, "concurrency": None, "instance": INSTANCE}
        )
        return (await self._receive())[0]

    async def call(self, path: str, /, **arguments: Any) -> Any:
        """POST the arguments; the answer as JSON or text. Raises EOFError when the worker ends meanwhile."""
        self._calls += 1
        headers = [["content-type", "application/json"]]
        header = ["call", self._calls, "POST", path, "", headers, "key", "R-1", False]
        await self._send(header, json.dumps(arguments).encode())
        answer, body = await self._receive()
        assert answer["type"] == "reply", answer
        assert answer["error"] is None, answer
        return (
            json.loads(body)
            if dict(answer["headers"])["content-type"] == "application/json"
            else body.decode()
        )

    async def _send(self, header: dict[str, Any] | list[Any], body: bytes = b"") -> None:
        packed = json.dumps(header).encode()
        content = _LENGTHS.pack(len(packed), len(body)) + packed + body
        await asyncio.get_running_loop().sock_sendall(self.process.socket, content)

    async def _receive(self) -> tuple[dict[str, Any], bytes]:
        """The next frame that is no log."""
        while True:
            header_size, body_size = _LENGTHS.unpack(await self._exactly(_LENGTHS.size))
            header, body = json.loads(await self._exactly(header_size)), await self._exactly(body_size)
            if header["type"] != "log":
                return header, body
            self.lines.append(header["message"])

    async def _exactly(self, size: int) -> bytes:
        while len(self._held) < size:
            try:
                part = await asyncio.get_running_loop().sock_recv(self.process.socket, 1 << 16)
            except ConnectionError:
                part = b""
            if not part:
                raise EOFError
            self._held += part
        taken, self._held = self._held[:size], self._held[size:]
        return taken


@dataclass
class Nursery:
    """What zygotes need, and the zygotes. `lines` is what was printed at imports."""

    launcher: Launcher
    zygotes: Zygotes
    bundles: Bundles
    scratch: Scratch
    environment: str
    python: Path
    folder: Path
    lines: list[str] = field(default_factory=list)
    processes: list[WorkerProcess] = field(default_factory=list)

    def version(self, name: str, more: Mapping[str, str | bytes] | None = None, **limits: Any) -> VersionSpec:
        """`tests/packages/{name}`, unpacked."""
        content = bundle(name, more)
        digest = hashlib.sha256(content).hexdigest()
        source = self.folder / f"{digest}.zip"
        source.write_bytes(content)
        kind = self.bundles.inspect(source, digest).kind
        return VersionSpec(f"V-{name}", digest, self.environment, kind, replace(VersionLimits(), **limits))

    async def born(self, version: VersionSpec) -> WorkerProcess:
        """A worker of the version that knows nothing yet."""
        process = await self.zygotes.worker(version)
        self.processes.append(process)
        return process

    async def grown(self, version: VersionSpec) -> Grown:
        """A worker of the version that is loaded."""
        grown = Grown(await self.born(version))
        assert grown.process.code is not None
        answer = await grown.load(grown.process.code, version.kind)
        assert answer["type"] == "loaded", answer
        return grown

    def zygote_pid(self) -> int:
        """The process id of the only zygote."""
        (zygote,) = self.zygotes._zygotes.values()
        return zygote.process.pid

    def launcher_pid(self) -> int:
        """The process id of the launcher."""
        assert self.launcher._running is not None
        return self.launcher._running._process.pid


@asynccontextmanager
async def nursery(
    data: Path, folder: Path, layers: Layers = UNCONFINED, **limits: Any
) -> AsyncIterator[Nursery]:
    """A nursery over a data folder; afterwards no process and nothing in its scratch folder may be left."""
    scratch = Scratch(data / "scratch")
    interpreter = await asyncio.to_thread(for_natives, ())
    wheel = keep_wheel(tiny_wheel(folder), data / "wheels")
    environments = Environments(
        data / "environments", scratch, Installer(os.environ, data / "cache", 600), builds=1
    )
    environment = await environments.ensure(interpreter, (), wheel)
    bundles, launcher = Bundles(data / "bundles", scratch), Launcher(layers)
    lines: list[str] = []

    def on_log(_version: VersionSpec, line: Log) -> None:
        lines.append(line.message)

    runtime_limits = replace(RUNTIME, **{"spares": 0, **limits})
    zygotes = Zygotes(runtime_limits, environments, bundles.folder, scratch, launcher, on_log)
    python = environments.python(environment)
    made = Nursery(launcher, zygotes, bundles, scratch, environment, python, folder, lines)
    try:
        yield made
    finally:
        await asyncio.gather(*(process.ended() for process in made.processes))
        await zygotes.close()
        await launcher.close()
        scratch.close()


@pytest.fixture
def nurse(runtime_data: Path, tmp_path: Path) -> Callable[..., None]:
    """Runs a coroutine function with a nursery; keyword arguments change the runtime's limits."""

    def run(
        work: Callable[[Nursery], Awaitable[None]], /, layers: Layers = UNCONFINED, **limits: Any
    ) -> None:
        async def within() -> None:
            async with nursery(runtime_data, tmp_path, layers, **limits) as made:
                await work(made)

        asyncio.run(within())

    return run
