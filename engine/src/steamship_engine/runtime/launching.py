"""The engine's end of the launcher: what is asked of it, and what it tells."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from steamship_engine.model.errors import UnavailableError
from steamship_engine.model.states import VersionKind
from steamship_engine.model.version_limits import VersionLimits
from steamship_engine.runtime.layers import Layers, reads
from steamship_engine.runtime.processes import Process, WorkerProcess, ZygoteProcess

CODE = Path(__file__).parent / "launcher"
_PACKET = 64 * 1024
_DESCRIPTORS = 4
_ENDING = 20.0
_OWN_THREADS = 4
"""Threads of a worker that are ours: they are no share of what the package may have."""

P = TypeVar("P", bound=Process)


@dataclass(frozen=True)
class Inspection:
    """Why a zygote may not be shared, nothing where it may; and its memory in bytes."""

    problems: tuple[str, ...]
    memory: int


@dataclass(frozen=True)
class Ground:
    """What a zygote stands on: the interpreter that it runs under and the code that it is for.

    `place` is an empty folder of its own, in which it and its workers write where they have no file system of
    their own. With `network` each worker's network is its own, else all have the machine's. `reads` are further
    paths that they read.
    """

    python: Path
    code: Path | None
    place: Path
    limits: VersionLimits
    kind: VersionKind = VersionKind.NATIVE
    network: bool = True
    reads: Sequence[Path] = ()


class Launcher:
    """Starts the launcher's process when it is first needed, and anew when it has ended."""

    def __init__(self, layers: Layers) -> None:
        self.layers = layers
        self._running: _Running | None = None

    async def zygote(self, ground: Ground) -> ZygoteProcess:
        """Start a zygote. To be ended with `ended`. Raises UnavailableError, and has removed its folder then."""
        running = self._ready()
        number, ours, theirs = running.pair()
        process = ZygoteProcess(number, ours, ground.place, running.kill)
        process.code = ground.code
        process.network = ground.network and self.layers.namespaces
        order = {
            "do": "zygote",
            "zygote": number,
            "python": str(ground.python),
            "kind": ground.kind,
            "place": str(ground.place),
            "scratch": str(_folder(ground.place / "own")),
            "reads": [str(path) for path in (*reads(ground.python, ground.code), *ground.reads)],
            "network": process.network,
        }
        await running.made(process, {**order, "limits": _needs(ground.limits)}, theirs)
        return process

    async def inspect(self, zygote: ZygoteProcess) -> Inspection:
        """Look at a zygote that has imported. Raises UnavailableError when it has ended."""
        running = self._ready()
        told = running.expect(zygote)
        running.send({"do": "inspect", "zygote": zygote.number})
        found = await told
        return Inspection(tuple(found["problems"]), found["memory"])

    async def worker(
        self,
        zygote: ZygoteProcess,
        limits: VersionLimits,
        on_unfit: Callable[[str], None] = lambda _why: None,
    ) -> WorkerProcess:
        """Have the zygote fork a worker. To be ended with `ended`. Raises UnavailableError.

        `on_unfit` is told why a process was not let become one.
        """
        running = self._ready()
        number, ours, theirs = running.pair()
        scratch = None
        if not self.layers.namespaces and zygote.scratch is not None:
            scratch = _folder(zygote.scratch / f"worker-{number}")
        process = WorkerProcess(number, ours, scratch, running.kill)
        process.code = zygote.code
        order = {
            "do": "worker",
            "zygote": zygote.number,
            "worker": number,
            "scratch": str(scratch or ""),
            "network": zygote.network,
        }
        try:
            await running.made(process, {**order, "limits": _needs(limits)}, theirs)
        except UnavailableError:
            if process.said():
                on_unfit(process.said())
            raise
        return process

    async def close(self) -> None:
        """End every zygote and worker, and the launcher."""
        running, self._running = self._running, None
        if running is not None:
            await running.close()

    def _ready(self) -> _Running:
        if self._running is None or self._running.failed:
            self._running = _Running(self.layers)
        return self._running


class _Running:
    """One launcher's process, from its start to its end."""

    _numbers = itertools.count(1)

    def __init__(self, layers: Layers) -> None:
        self._loop = asyncio.get_running_loop()
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            try:
                self._process = subprocess.Popen(
                    _command(), stdin=theirs.fileno(), env={}, cwd="/", start_new_session=True
                )
            except OSError as error:
                self._socket.close()
                raise UnavailableError(
                    f"The launcher cannot be started: {error}", suggestion="Look at the engine's limits."
                ) from error
        self._socket.setblocking(False)
        self._unsent: deque[tuple[bytes, Sequence[int]]] = deque()
        self._living: dict[tuple[str, int], Process] = {}
        self._waiting: dict[tuple[str, int], asyncio.Future[dict[str, Any]]] = {}
        self._background: set[asyncio.Task[None]] = set()
        self.failed = False
        self._said = ""
        self._loop.add_reader(self._socket.fileno(), self._receive)
        self.send(layers.order())

    def pair(self) -> tuple[int, socket.socket, socket.socket]:
        """A number for a new process, and both ends of its channel."""
        try:
            ours, theirs = socket.socketpair()
        except OSError as error:
            raise UnavailableError(
                f"A channel cannot be made: {error}", suggestion="Look at the engine's limits."
            ) from error
        ours.setblocking(False)
        return next(self._numbers), ours, theirs

    async def made(self, process: Process, order: dict[str, Any], theirs: socket.socket) -> None:
        """Order a process and wait until it is there. Raises UnavailableError."""
        self._living[_key(process)] = process
        told = self.expect(process)
        self.send(order, theirs)
        try:
            process.pid = (await told)["pid"]
        except BaseException:
            # It may still come to life; nobody need wait for its end.
            self._later(process.ended())
            raise

    def expect(self, process: Process) -> asyncio.Future[dict[str, Any]]:
        """What the launcher says next about the process; an UnavailableError when it is gone."""
        told = self._waiting[_key(process)] = self._loop.create_future()
        if not process.alive or self.failed:
            del self._waiting[_key(process)]
            told.set_exception(_ended(process))
        return told

    def kill(self, process: Process) -> None:
        """Have it killed."""
        self.send({"do": "kill", _key(process)[0]: process.number})

    def send(self, order: dict[str, Any], descriptor: socket.socket | None = None) -> None:
        """Send one order after the ones before it; the descriptor is ours to close."""
        descriptors = [] if descriptor is None else [descriptor.detach()]
        if self.failed:
            _close(descriptors)
            return
        self._unsent.append((json.dumps(order).encode(), descriptors))
        if len(self._unsent) == 1:
            self._send_some()

    async def close(self) -> None:
        """Let it end everything, and wait for that."""
        self._fail()
        await asyncio.to_thread(self._end)
        if self._background:
            await asyncio.wait(self._background)

    def _send_some(self) -> None:
        while self._unsent:
            content, descriptors = self._unsent[0]
            try:
                socket.send_fds(self._socket, [content], descriptors)
            except BlockingIOError:
                self._loop.add_writer(self._socket.fileno(), self._send_some)
                return
            except OSError:
                self._fail()
                return
            self._unsent.popleft()
            _close(descriptors)
        self._loop.remove_writer(self._socket.fileno())

    def _receive(self) -> None:
        try:
            content, descriptors, _, _ = socket.recv_fds(self._socket, _PACKET, _DESCRIPTORS)
        except BlockingIOError:
            return
        except OSError:
            content, descriptors = b"", []
        if content:
            self._understand(json.loads(content), descriptors)
        else:
            self._fail()

    def _understand(self, told: dict[str, Any], descriptors: Sequence[int]) -> None:
        if told["is"] == "unable":
            self._said = told["said"]
            return
        key = ("worker", told["worker"]) if "worker" in told else ("zygote", told["zygote"])
        waiting = self._waiting.pop(key, None)
        listeners = [socket.socket(fileno=descriptor) for descriptor in descriptors]
        if told["is"] == "gone":
            process = self._living.pop(key, None)
            if process is not None:
                process.gone(told["code"], told["why"], told["said"])
                if waiting is not None and not waiting.done():
                    waiting.set_exception(_ended(process))
        elif waiting is not None and not waiting.done():
            process = self._living[key]
            process.listeners = {each.getsockname()[1]: each for each in listeners}
            if told["is"] == "started" and isinstance(process, ZygoteProcess):
                process.watch(told["pid"])
            waiting.set_result(told)
        else:
            for listener in listeners:
                listener.close()

    def _fail(self) -> None:
        """It has ended, or is to end: so has everything that it made."""
        if self.failed:
            return
        self.failed = True
        self._loop.remove_reader(self._socket.fileno())
        self._loop.remove_writer(self._socket.fileno())
        self._socket.close()
        for _, descriptors in self._unsent:
            _close(descriptors)
        self._unsent.clear()
        living, self._living = self._living, {}
        for key, process in living.items():
            # It ends with the launcher unless it has seen to that it does not.
            if isinstance(process, ZygoteProcess):
                process.end_it()
            process.gone(None, None, self._said)
            waiting = self._waiting.pop(key, None)
            if waiting is not None and not waiting.done():
                waiting.set_exception(_ended(process))
        self._later(asyncio.to_thread(self._end))

    def _end(self) -> None:
        """Wait for its end, and bring it about where it does not come."""
        try:
            self._process.wait(_ENDING)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _later(self, work: Coroutine[Any, Any, Any]) -> None:
        task = self._loop.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)


def _command() -> list[str]:
    python = Path(getattr(sys, "_base_executable", sys.executable)).resolve()
    return [str(python), "-I", "-S", "-B", str(CODE)]


def _key(process: Process) -> tuple[str, int]:
    return ("worker" if isinstance(process, WorkerProcess) else "zygote", process.number)


def _needs(limits: VersionLimits) -> dict[str, float]:
    return {
        "memory": limits.memory,
        "cpu": limits.cpu,
        "processes": limits.processes + _OWN_THREADS + (limits.concurrency or 0),
        "files": limits.files,
        "scratch": limits.scratch,
    }


def _folder(path: Path) -> Path:
    path.mkdir()
    return path


def _ended(process: Process) -> UnavailableError:
    what = "worker" if isinstance(process, WorkerProcess) else "zygote"
    said = f": {process.said()}" if process.said() else "."
    return UnavailableError(
        f'The {what} "{process.number}" has ended{said}', suggestion="Call again in a moment."
    )


def _close(descriptors: Sequence[int]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)
