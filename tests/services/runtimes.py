"""A runtime over a data folder of the test run, with the tiny SDK, and what it takes to call packages."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from steamship_engine.model.limits import RUNTIME
from steamship_engine.model.version_limits import VersionLimits
from steamship_engine.runtime.port import (
    Bases,
    Description,
    InstanceSpec,
    LogLine,
    Refused,
    Reply,
    Request,
    VersionSpec,
)
from steamship_engine.runtime.runtime import Runtime
from tests.packages import bundle, zipped
from tests.services.sandboxes import UNCONFINED

_TINY = Path(__file__).parent / "tiny_sdk"
_BASE = "http://localhost:8080/"


def tiny_wheel(folder: Path, version: str = "3.0.0", requires: Sequence[str] = ()) -> Path:
    """A wheel of the tiny SDK. `requires` are further lines of its metadata."""
    info = f"steamship-{version}.dist-info"
    files: dict[str, str | bytes] = {
        str(path.relative_to(_TINY)): path.read_bytes() for path in _TINY.rglob("*.py")
    }
    files[f"{info}/METADATA"] = f"Metadata-Version: 2.1\nName: steamship\nVersion: {version}\n"
    files[f"{info}/METADATA"] += "".join(f"{line}\n" for line in requires)
    files[f"{info}/WHEEL"] = (
        "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    )
    files[f"{info}/RECORD"] = "".join(f"{name},,\n" for name in (*files, f"{info}/RECORD"))
    path = folder / f"steamship-{version}-py3-none-any.whl"
    path.write_bytes(zipped(files))
    return path


@dataclass
class Answer:
    """A reply, read to its end."""

    reply: Reply
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()


@dataclass
class Bench:
    """A runtime to try things on; `lines` is what packages printed, `refused` what they were not let do."""

    runtime: Runtime
    folder: Path
    lines: list[LogLine] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)

    async def prepare(self, name: str, more: Mapping[str, str | bytes] | None = None) -> Description:
        """Inspect and prepare `tests/packages/{name}`."""
        return (await self.deploy(name, more))[1]

    async def deploy(
        self, name: str, more: Mapping[str, str | bytes] | None = None, **limits: Any
    ) -> tuple[VersionSpec, Description]:
        """Inspect and prepare `tests/packages/{name}`; the version, with these limits, to use it by."""
        allowed = VersionLimits(**{"timeout_s": 60, **limits})
        version = replace(await self.inspected(name, "", more), limits=allowed)
        description = await self.runtime.prepare(version)
        return replace(version, environment=description.environment), description

    async def inspected(
        self, name: str, environment: str, more: Mapping[str, str | bytes] | None = None
    ) -> VersionSpec:
        """Unpack `tests/packages/{name}` without importing it."""
        content = bundle(name, more)
        digest = hashlib.sha256(content).hexdigest()
        source = self.folder / f"{digest}.zip"
        source.write_bytes(content)
        facts = await self.runtime.inspect(source, digest)
        return VersionSpec(f"V-{name}", digest, environment, facts.kind, VersionLimits(timeout_s=60))

    async def instance(self, name: str, instance_id: str = "I-1", **limits: Any) -> InstanceSpec:
        """An instance of `tests/packages/{name}`, whose version has these limits."""
        version, _ = await self.deploy(name, **limits)
        return instance_of(version, instance_id)

    async def call(self, instance: InstanceSpec, path: str, /, **arguments: Any) -> Answer:
        """POST the arguments as JSON and read the whole answer."""
        return await self.send(instance, request("POST", path, json.dumps(arguments).encode()))

    async def send(self, instance: InstanceSpec, asked: Request) -> Answer:
        """Send a request and read the whole answer."""
        reply = await self.runtime.invoke(instance, asked)
        return Answer(reply, b"".join([part async for part in reply.body]))

    async def until(self, fact: Callable[[], bool]) -> None:
        """Wait for something that another process makes true, at most ten seconds."""
        async with asyncio.timeout(10):
            while not fact():
                await asyncio.sleep(0.01)


def gone(pid: int) -> bool:
    """Whether the process has ended; it may still wait for somebody to ask how."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True


def instance_of(version: VersionSpec, instance_id: str = "I-1") -> InstanceSpec:
    """An instance without config."""
    context = {"workspaceId": "W-1", "workspaceHandle": "space", "invocableHandle": "tiny"}
    bases = Bases(f"{_BASE}api/v1/", _BASE, _BASE)
    return InstanceSpec(instance_id, "W-1", "space", version, {}, context, bases)


def request(
    verb: str,
    path: str,
    body: bytes | AsyncIterator[bytes] = b"",
    content_type: str = "application/json",
    query: str = "",
    timeout_s: float | None = None,
) -> Request:
    """A request with one header."""
    parts = _once(body) if isinstance(body, bytes) else body
    headers = (("content-type", content_type),)
    return Request(verb, path, query, headers, parts, "worker-key", "R-1", timeout_s)


async def _once(body: bytes) -> AsyncIterator[bytes]:
    if body:
        yield body


@pytest.fixture(scope="session")
def runtime_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder for the run, so that the tiny SDK's environment is made once."""
    return tmp_path_factory.mktemp("runtime")


@pytest.fixture
def tiny(runtime_data: Path, tmp_path: Path) -> Callable[[Callable[[Bench], Awaitable[None]]], None]:
    """Runs a coroutine function with a bench; keyword arguments change the runtime's limits.

    Afterwards no process and no scratch folder of the runtime may be left.
    """

    def run(work: Callable[[Bench], Awaitable[None]], /, **limits: float) -> None:
        wheel = tiny_wheel(tmp_path)
        asyncio.run(_with_bench(runtime_data, wheel, tmp_path, work, limits))

    return run


async def _with_bench(
    data: Path,
    wheel: Path,
    folder: Path,
    work: Callable[[Bench], Awaitable[None]],
    limits: Mapping[str, float],
) -> None:
    async with bench(data, wheel, folder, **limits) as made:
        await work(made)


@asynccontextmanager
async def bench(data: Path, wheel: Path, folder: Path, **limits: float) -> AsyncIterator[Bench]:
    """A bench whose runtime is closed at the end."""
    lines: list[LogLine] = []
    refused: list[Refused] = []
    runtime = Runtime(
        data,
        sdk_wheel=wheel,
        environ=os.environ,
        limits=replace(RUNTIME, **limits),
        on_log=lines.append,
        on_refused=refused.append,
        layers=UNCONFINED,
    )
    try:
        yield Bench(runtime, folder, lines, refused)
    finally:
        await runtime.close()
