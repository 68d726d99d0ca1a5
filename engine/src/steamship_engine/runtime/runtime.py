"""The runtime on this machine: bundles, environments and workers under one data folder."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

from steamship_engine.model.builds import Builds
from steamship_engine.model.errors import (
    DeployError,
    InvalidRequirementsError,
    PackageError,
    SteamshipError,
    UnavailableError,
)
from steamship_engine.model.limits import BUNDLE, RUNTIME, BundleLimits, RuntimeLimits
from steamship_engine.model.network import Network
from steamship_engine.model.sandbox import SandboxMode
from steamship_engine.model.states import StopReason, VersionKind
from steamship_engine.runtime.building.builder import Builder
from steamship_engine.runtime.bundle import Bundles
from steamship_engine.runtime.call import Call
from steamship_engine.runtime.channel import Channel, ChannelClosed
from steamship_engine.runtime.egress.egress import Egress
from steamship_engine.runtime.egress.refusal import RefusalError
from steamship_engine.runtime.environments import Environments, Wheel, keep_wheel
from steamship_engine.runtime.frames import Load, Log
from steamship_engine.runtime.installer import Installer
from steamship_engine.runtime.interpreter import ORIGINAL, Interpreter, for_natives, for_originals
from steamship_engine.runtime.launching import Launcher
from steamship_engine.runtime.layers import Layers
from steamship_engine.runtime.opening import Opening
from steamship_engine.runtime.port import (
    BundleFacts,
    Caller,
    Description,
    InstanceSpec,
    LogLine,
    Peer,
    Refused,
    RefusedBy,
    Reply,
    Request,
    RuntimeStats,
    SdkWheel,
    Serve,
    VersionSpec,
    WorkerFacts,
)
from steamship_engine.runtime.processes import WorkerProcess
from steamship_engine.runtime.scratch import Scratch
from steamship_engine.runtime.sending import send_rest
from steamship_engine.runtime.upload import Upload
from steamship_engine.runtime.worker import Worker
from steamship_engine.runtime.workers import Seat, Workers
from steamship_engine.runtime.zygotes import Zygotes

WHEELS = Path(__file__).parent / "wheels"
_LAST_LINES = 20
_UNCONFINED = Layers(SandboxMode.NONE)
_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
_TRIED = {
    StopReason.OVER_MEMORY: "over-memory",
    StopReason.OVER_PROCESSES: "over-processes",
    StopReason.OVER_SCRATCH: "over-scratch",
    StopReason.BAD_FRAMES: "bad-frames",
}
_log = logging.getLogger("steamship_engine.package")


class Runtime:
    """The port's implementation. Make it and close it within a running event loop.

    `data` is the engine's data folder; the runtime has `bundles`, `environments`, `wheels`, `cache` and
    `scratch` in it, readable by everybody. `sdk_wheel` is the wheel that native versions get, by default
    the one in `runtime/wheels/`. `pythons` are interpreters, and folders of them, that come before all others.
    `environ` is the engine's environment: `uv` gets an allow-list of it, and it says where Pythons may be.
    `on_log` gets what packages print, and `on_refused` what their code was not let do, in the event loop; both must be
    quick. `serve` serves what workers send to the engine within networks of their own. `builds` of source
    distributions need `layers` that isolate, and reach beside the package index what packages reach by `network`.
    """

    def __init__(
        self,
        data: Path,
        *,
        sdk_wheel: Path | None = None,
        pythons: Sequence[Path] = (),
        environ: Mapping[str, str] | None = None,
        limits: RuntimeLimits = RUNTIME,
        bundle_limits: BundleLimits = BUNDLE,
        on_log: Callable[[LogLine], None] | None = None,
        on_refused: Callable[[Refused], None] | None = None,
        serve: Serve | None = None,
        layers: Layers = _UNCONFINED,
        builds: Builds = Builds.WHEELS,
        network: Network = Network.INTERNET,
    ) -> None:
        data = data.resolve()
        self._limits, self._on_log = limits, on_log or _to_logging
        self._asked_wheel, self._pythons, self._environ = sdk_wheel, tuple(pythons), dict(environ or {})
        self._wheels = data / "wheels"
        self._scratch = Scratch(data / "scratch")
        self._bundles = Bundles(data / "bundles", self._scratch, bundle_limits)
        self._launcher = Launcher(layers)
        builder = None
        if builds is Builds.SDISTS:
            builder = Builder(
                self._launcher,
                self._scratch,
                self._environ,
                network,
                limits.build,
                on_refused=on_refused or _nothing,
            )
        self._environments = Environments(
            data / "environments",
            self._scratch,
            Installer(self._environ, data / "cache", limits.build),
            builds=limits.builds,
            builder=builder,
            turn=limits.turn,
        )
        self._workers = Workers(limits, self._open_worker, self._worker_said, self._worker_ended)
        self._on_refused = on_refused or _nothing
        self._egress = Egress(serve or _turn_away, self._denied)
        self._zygotes = Zygotes(
            limits,
            self._environments,
            self._bundles.folder,
            self._scratch,
            self._launcher,
            lambda version, line: self._line(None, version.version_id, line, None),
            self._workers.sleep,
            self._unfit,
        )
        self._inspecting = asyncio.Semaphore(limits.inspects)
        self._describing = asyncio.Semaphore(limits.describes)
        self._tools: tuple[Interpreter, Wheel] | None = None
        self._original_python: Interpreter | None = None

    async def inspect(self, bundle: Path, digest: str) -> BundleFacts:
        """See the port."""
        # Few at once: they are slow, and others need threads too.
        async with self._inspecting:
            return await asyncio.to_thread(self._bundles.inspect, bundle, digest)

    async def prepare(self, version: VersionSpec) -> Description:
        """See the port."""
        if version.kind is VersionKind.ORIGINAL:
            return await self._prepare_original(version)
        asked = await asyncio.to_thread(self._bundles.requirements, version.bundle)
        interpreter, wheel = await self._found_tools()
        if not asked.admits_sdk(wheel.version):
            lines = " and ".join(f'"{line}"' for line in asked.sdk)
            raise InvalidRequirementsError(
                f"requirements.txt asks for {lines}; this engine installs steamship {wheel.version}.",
                suggestion="Ask for a version that this engine has, or have the engine upgraded.",
            )
        environment = await self._environments.ensure(interpreter, asked.lines, wheel, version)
        described = await self._describe(version, environment)
        return replace(described, sdk=SdkWheel(wheel.path, wheel.digest))

    async def discard(self, attempt: str) -> None:
        """See the port."""
        await self._environments.discard(attempt)

    async def invoke(self, instance: InstanceSpec, request: Request) -> Reply:
        """See the port."""
        upload = Upload(request.body, self._limits.frame_body)
        first, more = await upload.part()
        call = self._workers.begin(instance, request, first, more=more)
        return await (send_rest(call, upload, self._limits.stall) if more else call)

    def begin(self, instance: InstanceSpec, request: Request, body: bytes) -> asyncio.Future[Reply]:
        """See the port."""
        try:
            return self._workers.begin(instance, request, body)
        except SteamshipError as error:
            refused = asyncio.get_running_loop().create_future()
            refused.set_exception(error)
            return refused

    def living(self, calls: Sequence[str]) -> tuple[str, ...]:
        """See the port."""
        return self._workers.living(calls)

    def made_by(self, peer: Peer) -> tuple[str, ...]:
        """See the port."""
        return self._workers.made_by(peer)

    async def stop(self, instance_id: str) -> None:
        """See the port."""
        self._workers.stop(instance_id)

    async def restart(self, instance_id: str) -> int:
        """See the port."""
        return self._workers.restart(instance_id)

    def workers(self, instance_id: str) -> list[WorkerFacts]:
        """See the port."""
        return self._workers.facts(instance_id)

    async def unpacked(self) -> list[str]:
        """See the port."""
        return await asyncio.to_thread(self._bundles.unpacked)

    async def forget(self, bundle: str) -> None:
        """See the port."""
        self._workers.forget(bundle)
        await self._zygotes.forget(bundle)
        await asyncio.to_thread(self._bundles.forget, bundle)

    def stats(self) -> RuntimeStats:
        """See the port."""
        return replace(self._workers.stats(), zygotes=self._zygotes.count(), egress=self._egress.stats())

    async def close(self) -> None:
        """See the port."""
        await self._environments.close()
        await self._workers.close()
        await self._egress.close()
        await self._zygotes.close()
        await self._launcher.close()
        await asyncio.to_thread(self._scratch.close)

    async def _prepare_original(self, version: VersionSpec) -> Description:
        lines = await asyncio.to_thread(self._bundles.original_lines, version.bundle)
        interpreter = self._original_python
        if interpreter is None:
            interpreter = await asyncio.to_thread(for_originals, self._pythons, self._environ)
        notes: tuple[str, ...] = ()
        if interpreter.release == ORIGINAL[0]:
            self._original_python = interpreter
        else:
            # Looked for again at the next deploy: the operator may have installed the better one.
            notes = (_second_best(interpreter),)
        environment = await self._environments.ensure(interpreter, lines, None, version)
        described = await self._describe(version, environment)
        return replace(described, notes=(*notes, *described.notes))

    async def _found_tools(self) -> tuple[Interpreter, Wheel]:
        """The interpreter, executed, and the SDK's wheel, kept; looked for once."""
        if self._tools is None:
            interpreter = await asyncio.to_thread(for_natives, self._pythons)
            wheel = await asyncio.to_thread(keep_wheel, self._asked_wheel or _default_wheel(), self._wheels)
            self._tools = interpreter, wheel
        return self._tools

    async def _describe(self, version: VersionSpec, environment: str) -> Description:
        """Have a worker of the version that is nobody's describe the class."""
        version = replace(version, environment=environment)
        async with self._describing:
            process = await self._zygotes.worker(version)
            self._egress.shut(process)
            said: deque[str] = deque(maxlen=_LAST_LINES)
            channel = Channel(self._limits, partial(self._describer_said, version, said), _nothing)
            opening = Opening(process, channel, self._limits, said)
            try:
                await opening.connect()
                await opening.load(_load(process, version, None))
                told = await opening.describe()
            finally:
                channel.fail(ChannelClosed())
                await process.ended()
        self._zygotes.expect_another(version)
        notes = (*_unshared(self._zygotes.shared(version)), *told.notes)
        return Description(environment, told.spec, told.config_template, told.schemas, told.needs_init, notes)

    async def _open_worker(self, spec: InstanceSpec, seat: Seat) -> Worker:
        """Start and load an instance's worker, see `workers.Opener`. Raises PackageError, UnavailableError."""
        try:
            worker = seat(await self._zygotes.worker(spec.version))
            worker.traffic = self._egress.attach(worker.process, spec)
            opening = Opening(worker.process, worker.channel, self._limits, worker.said)
            await opening.connect()
            worker.opened(await opening.load(_load(worker.process, spec.version, spec)))
        except DeployError as error:
            raise PackageError(error.message, details=error.details) from error
        return worker

    def _describer_said(self, version: VersionSpec, said: deque[str], line: Log) -> None:
        said.append(line.message[: self._limits.log_line])
        self._line(None, version.version_id, line, None)

    def _worker_said(self, spec: InstanceSpec, line: Log, call: Call | None) -> None:
        self._line(spec, spec.version.version_id, line, None if call is None else call.request)

    def _worker_ended(self, worker: Worker) -> None:
        """Where it was ended for what it tried, that is a refusal."""
        spec, why = worker.spec, _TRIED.get(worker.reason) if worker.reason else None
        if why is not None:
            version_id, request_id = spec.version.version_id, worker.request_id
            self._on_refused(Refused(RefusedBy.SANDBOX, why, version_id, spec, request_id=request_id))

    def _unfit(self, version: VersionSpec, why: str) -> None:
        """A process of the version's was not let become a worker."""
        version_id, author = version.version_id, version.author
        self._on_refused(Refused(RefusedBy.SANDBOX, "not-born", version_id, target=why, author=author))
        self._line(None, version.version_id, Log(0, "warning", f"sandbox: {why}"), None)

    def _denied(self, spec: InstanceSpec, target: str, error: RefusalError, says: bool) -> None:
        """The proxy has refused a worker something; the package's log says so where that `says` something new."""
        version_id = spec.version.version_id
        request_id = self._workers.request_of(spec.instance_id)
        self._on_refused(Refused(RefusedBy.NETWORK, error.why, version_id, spec, target, request_id))
        if says:
            self._line(spec, version_id, Log(0, "warning", f"network: {error.message}"), None)

    def _line(
        self, instance: InstanceSpec | None, version_id: str, line: Log, request: Request | None
    ) -> None:
        level = line.level if line.level in _LEVELS else "info"
        message = line.message[: self._limits.log_line]
        instance_id = None if instance is None else instance.instance_id
        call = (None, None, None) if request is None else (request.request_id, request.verb, request.path)
        request_id, verb, path = call
        self._on_log(LogLine(instance_id, version_id, request_id, level, message, verb, path, instance))


def _instance(spec: InstanceSpec) -> dict[str, Any]:
    """The `instance` of a `load` frame."""
    return {
        "id": spec.instance_id,
        "workspaceId": spec.workspace_id,
        "workspaceHandle": spec.workspace_handle,
        "config": spec.config,
        "context": spec.context,
        "bases": asdict(spec.bases),
    }


def _unshared(problems: Sequence[str]) -> tuple[str, ...]:
    """What a deploy says of a version that its workers cannot share an import of."""
    if not problems:
        return ()
    note = (
        "Each worker imports api.py for itself, which takes longer and more memory: after the import its process cannot be "
        f"shared, for {' and '.join(problems)}. Start threads, open files and make connections in the constructor."
    )
    return (note,)


def _second_best(interpreter: Interpreter) -> str:
    return (
        f"This engine has no CPython 3.10, so the package runs on {interpreter.version}, where f-strings print the "
        "name of a text enum's member instead of its value. Have the operator install CPython 3.10, or name it in "
        "STEAMSHIP_ENGINE_PYTHONS, and deploy again."
    )


def _load(process: WorkerProcess, version: VersionSpec, spec: InstanceSpec | None) -> Load:
    """The `load` frame for a worker of the version, and of the instance where it is for one."""
    return Load(
        code=str(process.code),
        kind=version.kind,
        handler=version.handler,
        concurrency=version.limits.concurrency,
        instance=None if spec is None else _instance(spec),
    )


def _default_wheel() -> Path:
    wheels = sorted(WHEELS.glob("steamship-*.whl"))
    if not wheels:
        raise UnavailableError(
            f'There is no wheel of the SDK in "{WHEELS}".', suggestion="Run `make setup`, which makes it."
        )
    return wheels[-1]


def _to_logging(line: LogLine) -> None:
    where = line.instance_id or line.version_id
    _log.log(_LEVELS[line.level], "%s %s", where, line.message)


def _turn_away(connection: socket.socket, _caller: Caller, ended: Callable[[], None]) -> None:
    connection.close()
    asyncio.get_running_loop().call_soon(ended)


def _nothing(_: object) -> None:
    return
