"""What a process is asked before it takes calls: to import, to load, to describe. One question at a time."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import NoReturn

from steamship_engine.model.errors import DeployError
from steamship_engine.model.limits import RuntimeLimits
from steamship_engine.runtime import endings, frames
from steamship_engine.runtime.channel import Channel, ChannelClosed
from steamship_engine.runtime.frames import DescriptionBody, Frame
from steamship_engine.runtime.processes import WorkerProcess

_IMPORTING = "while api.py was imported"
_DESCRIBING = "while the class was described"
_TRYING = "while its sandbox was tried"


class Opening:
    """A process whose channel takes no calls yet. `said` is what it printed last."""

    def __init__(
        self, process: WorkerProcess, channel: Channel, limits: RuntimeLimits, said: deque[str]
    ) -> None:
        self._process, self._channel, self._limits, self._said = process, channel, limits, said

    async def connect(self) -> None:
        """Connect the channel with the process's socket."""
        loop = asyncio.get_running_loop()
        await loop.create_unix_connection(lambda: self._channel, sock=self._process.socket)
        # A process that left its group may hold the socket open after the worker's end.
        self._process.on_exit(lambda: loop.call_later(endings.EXIT_WAIT, self._channel.lost))

    async def load(self, header: frames.Load) -> int:
        """Have a worker load its code; its slots. Raises DeployError, PackageReplyError."""
        frame = await self._ask(frames.encode(header), _IMPORTING)
        if type(frame.header) is not frames.Loaded:
            self._unexpected(frame)
        return frame.header.slots

    async def describe(self) -> DescriptionBody:
        """What the loaded class is. Raises DeployError, PackageReplyError."""
        frame = await self._ask(frames.encode(frames.Describe()), _DESCRIBING)
        if type(frame.header) is not frames.Described:
            self._unexpected(frame)
        return frames.decode_description(frame.body)

    async def attempt(self, header: frames.Try) -> tuple[str, ...]:
        """What is wrong with the sandbox of a worker that has loaded nothing. Raises DeployError, PackageReplyError."""
        frame = await self._ask(frames.encode(header), _TRYING)
        if type(frame.header) is not frames.Tried:
            self._unexpected(frame)
        return frame.header.problems

    async def _ask(self, content: bytes, when: str) -> Frame:
        """Send one frame and wait for the one that answers it."""
        try:
            async with asyncio.timeout(self._limits.load):
                await self._channel.send(content)
                frame = await self._channel.receive()
        except TimeoutError:
            raise DeployError(
                f'The package took longer than "{self._limits.load:g}" seconds {when}.',
                suggestion="Do slow work in a method.",
                details="\n".join(self._said) or None,
            ) from None
        except ChannelClosed:
            crashed = await endings.crashed(self._process, when, self._said)
            raise DeployError(
                crashed.message, suggestion="Look at the package's output.", details=crashed.details
            ) from None
        header = frame.header
        if type(header) is frames.Refused:
            raise DeployError(
                header.message, suggestion="Correct the package and deploy again.", details=header.details
            )
        return frame

    def _unexpected(self, frame: Frame) -> NoReturn:
        raise frames.wrong_frame(f'"{type(frame.header).__name__}" out of turn')
