"""Bringing one zygote to where it can fork workers: started, imported, looked at."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import NoReturn

from steamship_engine.model.errors import DeployError, UnavailableError
from steamship_engine.model.limits import RuntimeLimits
from steamship_engine.runtime import frames
from steamship_engine.runtime.channel import Channel, ChannelClosed
from steamship_engine.runtime.endings import in_words
from steamship_engine.runtime.frames import Frame, Log
from steamship_engine.runtime.launching import Inspection, Launcher
from steamship_engine.runtime.port import VersionSpec
from steamship_engine.runtime.processes import ZygoteProcess

_EXIT_WAIT = 1.0
_LAST_LINES = 20
_WHEN = "while api.py was imported"


class Warming:
    """One attempt. The process is ended when it fails."""

    def __init__(self, launcher: Launcher, limits: RuntimeLimits, on_log: Callable[[Log], None]) -> None:
        self._launcher, self._limits, self._on_log = launcher, limits, on_log
        self._last_lines: deque[str] = deque(maxlen=_LAST_LINES)
        self._channel = Channel(limits, self._log, lambda _error: None)

    async def warm(self, process: ZygoteProcess, version: VersionSpec, *, share: bool) -> Inspection:
        """Make the process, which has the version's code or is for none, a zygote of it that waits for orders. Raises DeployError, PackageReplyError, UnavailableError."""
        try:
            async with asyncio.timeout(self._limits.load):
                code = str(process.code or "/")
                header = frames.Warm(code=code, kind=version.kind, share=share, handler=version.handler)
                await self._import(process, header)
                return await self._launcher.inspect(process)
        except TimeoutError:
            await self._end(process)
            error: Exception = self._refused(
                f'took longer than "{self._limits.load:g}" seconds',
                "Do slow work in a method.",
                process.said(),
            )
        except (ChannelClosed, UnavailableError):
            error = await self._ended(process)
        except BaseException:
            await self._end(process)
            raise
        await self._end(process)
        raise error from None

    async def _import(self, process: ZygoteProcess, header: frames.Warm) -> None:
        loop = asyncio.get_running_loop()
        await loop.create_unix_connection(lambda: self._channel, sock=process.socket)
        # Somebody that it has started may hold its socket open.
        process.on_exit(lambda: self._channel.fail(ChannelClosed()))
        await self._channel.send(frames.encode(header))
        frame = await self._channel.receive()
        if type(frame.header) is frames.Refused:
            raise DeployError(
                frame.header.message,
                suggestion="Correct the package and deploy again.",
                details=frame.header.details,
            )
        if type(frame.header) is not frames.Loaded:
            _unexpected(frame)
        self._channel.fail(ChannelClosed())

    async def _ended(self, process: ZygoteProcess) -> Exception:
        """The error for a zygote that has ended, or has closed its end and is on its way."""
        code = await process.exit_code(within=_EXIT_WAIT)
        return self._refused(in_words(code, process.why), "Look at the package's output.", process.said())

    def _refused(self, what: str, suggestion: str, said: str = "") -> DeployError:
        details = said or "\n".join(self._last_lines) or None
        return DeployError(f"The package's process {what} {_WHEN}.", suggestion=suggestion, details=details)

    async def _end(self, process: ZygoteProcess) -> None:
        self._channel.fail(ChannelClosed())
        await process.ended()

    def _log(self, line: Log) -> None:
        self._last_lines.append(line.message[: self._limits.log_line])
        self._on_log(line)


def _unexpected(frame: Frame) -> NoReturn:
    raise frames.wrong_frame(f'"{type(frame.header).__name__}" out of turn')
