"""The zygotes and workers that the launcher keeps, each known to the kernel by a pidfd."""

import os
import signal
import socket
from collections import deque
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from steamship_engine.runtime.launcher import proc
from steamship_engine.runtime.launcher.confine import Limits

_SAID = 2_000


class Stage(Enum):
    """asked -> sent to the zygote -> born; gone from any of them."""

    ASKED = 0
    SENT = 1
    BORN = 2
    GONE = 3


@dataclass(eq=False)
class Life:
    """What a zygote and a worker have in common. `code` and `why` are set when it ends."""

    number: int
    scratch: str
    limits: Limits
    pid: int = 0
    pidfd: int = -1
    code: int | None = None
    why: str | None = None

    def watch(self, pid: int) -> None:
        """It is that process. Raises ProcessLookupError when it has ended already."""
        self.pidfd = os.pidfd_open(pid)
        self.pid = pid

    def kill(self) -> None:
        """Kill the process; those below it become the launcher's to kill."""
        if self.pidfd >= 0:
            try:
                signal.pidfd_send_signal(self.pidfd, signal.SIGKILL)
            except ProcessLookupError:
                return

    def ended(self) -> None:
        """Remember how it ended, while it waits to be reaped."""
        if self.code is None:
            stat = proc.stat(self.pid)
            if stat is not None and stat.ended:
                self.code = os.waitstatus_to_exitcode(stat.code)

    def close(self) -> None:
        """Give up the pidfd."""
        if self.pidfd >= 0:
            os.close(self.pidfd)
            self.pidfd = -1


@dataclass(eq=False)
class Worker(Life):
    """One worker. `descriptor` is its end of its channel until the zygote has it, `channel` that socket's name."""

    zygote: "Zygote" = field(kw_only=True)
    descriptor: int = -1
    channel: str = ""
    stage: Stage = Stage.ASKED
    deadline: float = 0
    unwanted: bool = False
    said: str = ""

    def drop_descriptor(self) -> None:
        """Close our copy of its channel's end."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1


@dataclass(eq=False)
class Zygote(Life):
    """One zygote. One of its workers is born at a time; `asked` wait.

    A process that held the control socket while another worker is on its way could take that one's channel.
    """

    control: socket.socket = field(kw_only=True)
    printed: tuple[int, ...] = ()
    channel: str = ""
    control_name: str = ""
    asked: deque[Worker] = field(default_factory=deque)
    birth: Worker | None = None
    workers: dict[int, Worker] = field(default_factory=dict)

    def said(self) -> str:
        """The last of what it printed, a broken interpreter's complaint for example."""
        parts = []
        for descriptor in self.printed:
            size = os.fstat(descriptor).st_size
            parts.append(os.pread(descriptor, _SAID, max(size - _SAID, 0)).decode(errors="replace").strip())
        return "\n".join(part for part in parts if part)

    def close(self) -> None:
        """Give up everything of it."""
        super().close()
        self.control.close()
        self.stop_listening()

    def stop_listening(self) -> None:
        """What it prints from now on is nobody's."""
        for descriptor in self.printed:
            os.close(descriptor)
        self.printed = ()


def limits_of(asked: dict[str, Any]) -> Limits:
    """The engine's `limits` of a zygote or worker."""
    return Limits(*(int(asked[name]) for name in Limits._fields))
