"""The runtime as blocking code sees it: threads cross over to the event loop here, and nowhere else."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import CancelledError
from pathlib import Path
from typing import Any, TypeVar

from steamship_engine.model.errors import UnavailableError
from steamship_engine.runtime.port import BundleFacts, Description, RuntimePort, VersionSpec, WorkerFacts

Result = TypeVar("Result")


class LoopMachine:
    """`control.ground.Machine` on a runtime that lives on an event loop. Called from threads only."""

    def __init__(self, runtime: RuntimePort) -> None:
        self._runtime = runtime
        self._loop: asyncio.AbstractEventLoop | None = None

    def attach(self, loop: asyncio.AbstractEventLoop | None) -> None:
        """The loop that the runtime lives on, or None when it has ended."""
        self._loop = loop

    def inspect(self, bundle: Path, digest: str) -> BundleFacts:
        """As `RuntimePort.inspect`."""
        return self._wait(self._runtime.inspect(bundle, digest))

    def prepare(self, version: VersionSpec) -> Description:
        """As `RuntimePort.prepare`."""
        return self._wait(self._runtime.prepare(version))

    def discard(self, attempt: str) -> None:
        """As `RuntimePort.discard`."""
        self._wait(self._runtime.discard(attempt))

    def stop(self, instance_id: str) -> None:
        """As `RuntimePort.stop`."""
        self._wait(self._runtime.stop(instance_id))

    def restart(self, instance_id: str) -> int:
        """As `RuntimePort.restart`."""
        return self._wait(self._runtime.restart(instance_id))

    def workers(self, instance_id: str) -> list[WorkerFacts]:
        """As `RuntimePort.workers`."""
        return self._wait(self._workers(instance_id))

    def unpacked(self) -> list[str]:
        """As `RuntimePort.unpacked`."""
        return self._wait(self._runtime.unpacked())

    def forget(self, bundle: str) -> None:
        """As `RuntimePort.forget`."""
        self._wait(self._runtime.forget(bundle))

    async def _workers(self, instance_id: str) -> list[WorkerFacts]:
        return self._runtime.workers(instance_id)

    def _wait(self, work: Coroutine[Any, Any, Result]) -> Result:
        if self._loop is None:
            work.close()
            raise _stopping()
        try:
            return asyncio.run_coroutine_threadsafe(work, self._loop).result()
        except (UnavailableError, CancelledError) as error:
            if self._ends():
                raise _stopping() from error
            raise

    def _ends(self) -> bool:
        """Whether the runtime has begun to end meanwhile, which then is why it could not."""
        return self._loop is None


def _stopping() -> UnavailableError:
    return UnavailableError("The engine is stopping.", suggestion="Try again when it is back.", stopping=True)
