"""One worker: a process that has loaded one bundle, for one instance or to be described."""

from __future__ import annotations

import asyncio
import signal
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from steamship_engine.model.errors import (
    DeployError,
    PackageCrashedError,
    PackageReplyError,
    UnavailableError,
)
from steamship_engine.model.limits import RuntimeLimits
from steamship_engine.runtime import frames
from steamship_engine.runtime.channel import Channel, ChannelClosed
from steamship_engine.runtime.frames import DescriptionBody, Frame, Log
from steamship_engine.runtime.port import Request
from steamship_engine.runtime.spawn import WorkerProcess, spawn

_EXIT_WAIT = 1.0
_LAST_LINES = 20


class Worker:
    """A started process and the channel to it. It takes one call after the other, see `call.py`.

    `on_log` gets each line with the request that was running. `on_failed` is told once when the
    worker is of no use any more.
    """

    def __init__(
        self,
        process: WorkerProcess,
        limits: RuntimeLimits,
        on_log: Callable[[Log, Request | None], None],
        on_failed: Callable[[], None],
    ) -> None:
        self.process, self.limits = process, limits
        self._on_log, self._on_failed = on_log, on_failed
        self._last_lines: deque[str] = deque(maxlen=_LAST_LINES)
        self._request: Request | None = None
        self._finish_call: Callable[[], None] | None = None
        self.channel = Channel(limits, self._log, self.fail)
        self.calls = 0
        self._failed = False
        self._ending: asyncio.Task[None] | None = None

    @classmethod
    def start(
        cls,
        python: Path,
        scratch: Path,
        limits: RuntimeLimits,
        on_log: Callable[[Log, Request | None], None],
        on_failed: Callable[[], None],
    ) -> Worker:
        """Start the process, to be ended with `ended` whatever happens. Raises UnavailableError."""
        try:
            process = spawn(python, scratch)
        except OSError as error:
            raise UnavailableError(
                f'The interpreter "{python}" cannot be started: {error}',
                suggestion="Look at the engine's limits.",
            ) from error
        return cls(process, limits, on_log, on_failed)

    @property
    def usable(self) -> bool:
        """Whether it can take a call."""
        return self.channel.failure is None and self.process.alive

    async def load(self, code: Path, kind: str, handler: str | None, instance: dict[str, Any] | None) -> None:
        """Connect and have the bundle imported, an original's by its handler.

        Raises DeployError; the worker is of no use then.
        """
        loop = asyncio.get_running_loop()
        await loop.create_unix_connection(lambda: self.channel, sock=self.process.socket)
        # A process that left its group may hold the socket open after the worker's end.
        self.process.on_exit(lambda: loop.call_later(_EXIT_WAIT, self.fail, ChannelClosed()))
        header = frames.Load(code=str(code), kind=kind, handler=handler, instance=instance)
        frame = await self._ask(frames.encode(header), "while api.py was imported")
        if type(frame.header) is not frames.Loaded:
            self._unexpected(frame)

    async def describe(self) -> DescriptionBody:
        """What the loaded class is. Raises DeployError, PackageReplyError."""
        frame = await self._ask(frames.encode(frames.Describe()), "while the class was described")
        if type(frame.header) is not frames.Described:
            self._unexpected(frame)
        return frames.decode_description(frame.body)

    def begin(self, request: Request, finish: Callable[[], None]) -> None:
        """A call begins; `finish` is told if the worker fails before `end_call`."""
        self._request, self._finish_call = request, finish

    def end_call(self) -> None:
        """The call is over."""
        self._request = self._finish_call = None

    def fail(self, error: Exception) -> None:
        """End the worker; the call in flight raises `error`. What happened first counts."""
        if self._failed:
            return
        self._failed = True
        self.channel.fail(error)
        if not isinstance(error, ChannelClosed):
            # One that closed its end may be on its way out: its exit code is worth a moment's wait.
            self.process.kill()
        if self._finish_call is not None:
            self._finish_call()
        self._on_failed()

    async def ended(self) -> None:
        """End the process and wait until nothing of it is left; may be asked several times."""
        if self._ending is None:
            self._ending = asyncio.get_running_loop().create_task(self._end())
        await asyncio.shield(self._ending)

    async def _end(self) -> None:
        if isinstance(self.channel.failure, ChannelClosed):
            await self.process.exit_code(within=_EXIT_WAIT)
        self.fail(UnavailableError("The worker was stopped."))
        await self.process.ended()

    async def crashed(self, when: str) -> PackageCrashedError:
        """The error for a worker that closed its end, with its exit code or signal in words."""
        code = await self.process.exit_code(within=_EXIT_WAIT)
        self.process.kill()
        suggestion = "Look at the package's log; the next call gets a new process."
        if code is None:
            what = "closed its connection to the engine"
        elif code >= 0:
            what = f'ended with exit code "{code}"'
        else:
            what = f'was ended by signal "{_signal_name(-code)}"'
            if -code == signal.SIGKILL:
                suggestion = "The kernel may have been out of memory; the next call gets a new process."
        return PackageCrashedError(
            f"The package's process {what} {when}.", suggestion=suggestion, details=self._said()
        )

    async def _ask(self, content: bytes, when: str) -> Frame:
        """Send one frame and wait for the one that answers it. Raises DeployError, PackageReplyError."""
        try:
            async with asyncio.timeout(self.limits.load):
                await self.channel.send(content)
                frame = await self.channel.receive()
        except TimeoutError:
            message = f'The package took longer than "{self.limits.load:g}" seconds {when}.'
            error = DeployError(message, suggestion="Do slow work in a method.", details=self._said())
            self.fail(error)
            raise error from None
        except ChannelClosed:
            crashed = await self.crashed(when)
            raise DeployError(
                crashed.message, suggestion="Look at the package's output.", details=crashed.details
            ) from None
        header = frame.header
        if type(header) is frames.Refused:
            error = DeployError(
                header.message, suggestion="Correct the package and deploy again.", details=header.details
            )
            self.fail(error)
            raise error
        return frame

    def _unexpected(self, frame: Frame) -> NoReturn:
        error: PackageReplyError = frames.wrong_frame(f'"{type(frame.header).__name__}" out of turn')
        self.fail(error)
        raise error

    def _log(self, line: Log) -> None:
        self._last_lines.append(line.message[: self.limits.log_line])
        self._on_log(line, self._request)

    def _said(self) -> str | None:
        return "\n".join(self._last_lines) or self.process.said() or None


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)
