"""The zygotes and workers that the launcher keeps, each known to the kernel by a pidfd."""

import os
import signal
import socket
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

from steamship_engine.runtime.launcher import proc
from steamship_engine.runtime.launcher.sandbox import Limits, Users

_SAID = 2_000


class Mount(NamedTuple):
    """One file system that is mounted: `device` is its `major:minor`; `mirrored`, mounts come from elsewhere or go there."""

    point: str
    device: str
    kind: str
    read_only: bool
    mirrored: bool


class View(NamedTuple):
    """What a process sees of the machine: its namespaces by their kind, its root, what is mounted where, and that as the kernel has it."""

    namespaces: Mapping[str, str]
    root: tuple[int, int]
    mounts: frozenset[Mount]
    table: bytes


_ALL = Users()
_NOTHING = View({}, (0, 0), frozenset(), b"")


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
    users: Users = _ALL
    pid: int = 0
    pidfd: int = -1
    code: int | None = None
    why: str | None = None

    @property
    def group(self) -> str:
        """The name of its control group."""
        return f"{type(self).__name__.lower()}-{self.number}"

    def watch(self, pid: int) -> None:
        """It is that process. Raises ProcessLookupError when it has ended already."""
        self.pidfd = os.pidfd_open(pid)
        self.pid = pid

    def kill(self) -> None:
        """Kill the process; those below it become the launcher's to kill."""
        self._signal(signal.SIGKILL)

    def halt(self) -> None:
        """Have it do nothing until it is told to go on; it may take a moment."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: int) -> None:
        if self.pidfd >= 0:
            try:
                signal.pidfd_send_signal(self.pidfd, number)
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
    """One worker. `descriptor` is its end of its channel until the zygote has it, `channel` that socket's name.

    `user` is its user among its zygote's; `inner_pid` what its zygote calls it; `listeners` are the sockets that it
    listens on for the engine, until the engine has them. `owned` are its namespaces and devices that are nobody else's;
    `halted`, it and its zygote were told to keep still.
    """

    zygote: "Zygote" = field(kw_only=True)
    network: bool = True
    user: int = 0
    inner_pid: int = 0
    listeners: tuple[int, ...] = ()
    view: View = _NOTHING
    owned: frozenset[str] = frozenset()
    halted: bool = False
    descriptor: int = -1
    channel: str = ""
    stage: Stage = Stage.ASKED
    deadline: float = 0
    unwanted: bool = False
    said: str = ""

    def take_user(self) -> bool:
        """Have one of its zygote's users that none of its other workers has, if there is one."""
        if not self.users.first:
            return True
        taken = {worker.user for worker in self.zygote.workers.values()}
        self.user = next((user for user in range(1, self.users.number) if user not in taken), 0)
        return self.user != 0

    def drop_listeners(self) -> None:
        """Close our copies."""
        for descriptor in self.listeners:
            os.close(descriptor)
        self.listeners = ()

    def drop_descriptor(self) -> None:
        """Close our copy of its channel's end."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1


@dataclass(eq=False)
class Zygote(Life):
    """One zygote. One of its workers is born at a time; `asked` wait.

    A process that held the control socket while another worker is on its way could take that one's channel.
    `view` is what it sees, as the launcher found it before it executed a byte of the author's; `files` are the devices,
    as `/proc` has them of mappings, with files that it cannot write to. `asked_ready`: it is to be inspected. `dying`
    are workers that have ended, and which it may have reaped since.
    """

    control: socket.socket = field(kw_only=True)
    printed: tuple[int, ...] = ()
    channel: str = ""
    control_name: str = ""
    asked: deque[Worker] = field(default_factory=deque)
    birth: Worker | None = None
    workers: dict[int, Worker] = field(default_factory=dict)
    dying: set[int] = field(default_factory=set)
    reads: tuple[str, ...] = ()
    view: View = _NOTHING
    files: frozenset[bytes] = frozenset()
    asked_ready: bool = False

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
