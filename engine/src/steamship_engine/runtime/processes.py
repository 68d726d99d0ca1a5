"""Zygotes and workers as the engine sees them: processes that the launcher has made and watches."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from steamship_engine.runtime import trees


class Process:
    """A process of the launcher's. `socket` is the engine's end of its channel.

    `alive` until it has ended, with everything that it started. `code` is the folder in which it finds its version's code. `scratch` is its folder, if it has one on the machine's disk, which `ended` removes. `listeners` are sockets
    that listen in its own network, by their ports; they are closed with it. `why` is `memory`, `processes` or
    `scratch` when it was ended for taking too much of that.
    """

    def __init__(
        self, number: int, engine_end: socket.socket, scratch: Path | None, kill: Callable[[Process], None]
    ) -> None:
        self.number, self.socket, self.scratch = number, engine_end, scratch
        self.code: Path | None = None
        self.listeners: dict[int, socket.socket] = {}
        self.pid = 0
        self.alive = True
        self.why: str | None = None
        self._kill = kill
        self._said = ""
        self._exit: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()

    def on_exit(self, told: Callable[[], object]) -> None:
        """Call `told` once it has ended."""
        self._exit.add_done_callback(lambda _: told())

    def starved(self) -> float:
        """For how many seconds in all its main thread was ready to run and no processor was free for it.

        From the kernel's sched-stats; 0 where it has none.
        """
        try:
            return int(Path(f"/proc/{self.pid}/schedstat").read_text().split()[1]) / 1e9
        except (OSError, IndexError, ValueError):
            return 0.0

    def memory(self) -> int | None:
        """Its proportional share of memory in bytes (PSS: pages that it shares count in parts); None where nobody may know."""
        try:
            for line in Path(f"/proc/{self.pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    return int(line.split()[1]) * 1024
        except OSError:
            return None
        return None

    def kill(self) -> None:
        """Kill it and everything that it started; nothing happens when it has ended."""
        if self.alive:
            self._kill(self)

    async def exit_code(self, within: float) -> int | None:
        """Its exit code, or minus the number of the signal that ended it; None when nobody knows, or it still lives then."""
        done, _ = await asyncio.wait([self._exit], timeout=within)
        return self._exit.result() if done else None

    def said(self) -> str:
        """What is known of its end beside that: of a zygote the last of what it printed."""
        return self._said

    async def ended(self) -> None:
        """Kill it, wait until nothing of it is left, and remove its scratch folder."""
        self.kill()
        try:
            await asyncio.shield(self._exit)
        finally:
            # Whoever waits no longer does not come back to close them.
            self.socket.close()
            for listener in self.listeners.values():
                listener.close()
        if self.scratch is not None:
            await asyncio.to_thread(trees.remove, self.scratch)

    def gone(self, code: int | None, why: str | None, said: str) -> None:
        """It has ended: the launcher's word."""
        if self.alive:
            self.alive, self.why, self._said = False, why, said
            self._exit.set_result(code)


class WorkerProcess(Process):
    """One worker, forked from a zygote and looked at by the launcher."""


class ZygoteProcess(Process):
    """One zygote. With `network` each of its workers has a network of its own; `owns_code` where the code's folder goes with it."""

    network = False
    owns_code = False
    _pidfd = -1

    def watch(self, pid: int) -> None:
        """It is that process of this machine, which cannot be mistaken for another from now on."""
        # One that has ended is told as gone.
        with suppress(ProcessLookupError):
            self._pidfd = os.pidfd_open(pid)

    def end_it(self) -> None:
        """Kill it without the launcher, and with it, where it is the first of its processes, all that it has."""
        if self._pidfd >= 0:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)

    async def ended(self) -> None:
        """As every process's; its code's folder goes, too, where it owns that."""
        await super().ended()
        if self.owns_code and self.code is not None:
            await asyncio.to_thread(trees.remove, self.code)

    def gone(self, code: int | None, why: str | None, said: str) -> None:
        """It has ended: the launcher's word."""
        super().gone(code, why, said)
        if self._pidfd >= 0:
            os.close(self._pidfd)
            self._pidfd = -1
