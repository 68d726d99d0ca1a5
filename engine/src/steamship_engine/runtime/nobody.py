"""A worker that is nobody's: of a zygote that has imported nothing, for what must happen in the sandbox."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from steamship_engine.model.errors import UnavailableError
from steamship_engine.model.limits import RUNTIME
from steamship_engine.runtime.channel import Channel, ChannelClosed
from steamship_engine.runtime.launching import Ground, Launcher
from steamship_engine.runtime.opening import Opening
from steamship_engine.runtime.port import VersionSpec
from steamship_engine.runtime.processes import WorkerProcess
from steamship_engine.runtime.warming import Warming

_LAST_LINES = 20


@dataclass(frozen=True)
class Nobody:
    """The worker, the channel to it, which is connected, and what it printed last."""

    process: WorkerProcess
    channel: Channel
    opening: Opening
    said: deque[str]


@asynccontextmanager
async def worker_of_nobody(launcher: Launcher, ground: Ground) -> AsyncIterator[Nobody]:
    """The worker, as long as the block runs; it, its zygote and the ground's folder are gone then.

    Raises UnavailableError when there can be none, DeployError and PackageReplyError when its zygote does not start.
    """
    zygote = await launcher.zygote(ground)
    try:
        version = VersionSpec("", "", "", ground.kind)
        warming = Warming(launcher, RUNTIME, lambda _line: None)
        inspection = await warming.warm(zygote, version, share=False)
        if inspection.problems:
            raise UnavailableError(
                f"{'; '.join(inspection.problems)}.", suggestion="Give the engine another interpreter."
            )
        worker = await launcher.worker(zygote, ground.limits)
        said: deque[str] = deque(maxlen=_LAST_LINES)
        channel = Channel(RUNTIME, lambda line: said.append(line.message), lambda _error: None)
        opening = Opening(worker, channel, RUNTIME, said)
        try:
            await opening.connect()
            yield Nobody(worker, channel, opening, said)
        finally:
            channel.fail(ChannelClosed())
            await worker.ended()
    finally:
        await zygote.ended()
