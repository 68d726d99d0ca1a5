"""How this launcher confines what it makes, and what each of those may take."""

import base64
import errno
import os
import random
import socket
from typing import Any, NamedTuple

_RANGE = 4096
_FIRST, _LAST = 1_879_052_288, 1 << 31
"""The users of this machine that versions get: above those of people, of services, and of containers, which
systemd gives up to 1,879,048,191 (systemd.io/UIDS-GIDS)."""


_INODE = 16 * 1024
_LEAST_INODES = 4096

USER = 1000
"""The zygote's user as it is called inside; its workers have those after it."""


class Limits(NamedTuple):
    """What a zygote and each of its workers may take. Sizes are bytes, `cpu` is a number of cores."""

    memory: int
    cpu: float
    processes: int
    files: int
    scratch: int

    @property
    def inodes(self) -> int:
        """How many files and folders fit into a scratch folder in memory: each takes some of the kernel's."""
        return max(self.scratch // _INODE, _LEAST_INODES)


class Users(NamedTuple):
    """The machine's users that one zygote and its workers have; `first` is 0 where all have this process's."""

    first: int = 0
    number: int = 1


class Sandbox(NamedTuple):
    """The layers that stand. `zygotes_calls` and `workers_calls` are seccomp programs, empty for none.

    `ports` are the engine's: those that workers have listening sockets of the engine's on in their own network,
    or the only ones that they may connect to where they have none. `environment` are variables of those with a
    network of their own.
    """

    namespaces: bool = False
    landlock: bool = False
    cgroups: bool = False
    zygotes_calls: bytes = b""
    workers_calls: bytes = b""
    ports: tuple[int, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()


def read(order: dict[str, Any]) -> Sandbox:
    """The sandbox that the engine's order names."""
    return Sandbox(
        namespaces=order["namespaces"],
        landlock=order["landlock"],
        cgroups=order["cgroups"],
        zygotes_calls=base64.b64decode(order["zygotesCalls"]),
        workers_calls=base64.b64decode(order["workersCalls"]),
        ports=tuple(order["ports"]),
        environment=tuple(order["environment"].items()),
    )


class Ranges:
    """Ranges of this machine's users, for one zygote each; none unless this process is root.

    Who has a range listens on an abstract socket of its name, so that no two engines on a machine have the same; the
    kernel gives it back with the process, however that ends.
    """

    def __init__(self) -> None:
        self._next = random.SystemRandom().randrange(_FIRST, _LAST, _RANGE)
        self._taken: dict[int, socket.socket] = {}

    def take(self) -> Users:
        """A range that nobody has. Raises OSError where there is no descriptor left for its claim."""
        if os.getuid() != 0:
            return Users()
        claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        while True:
            first = self._next
            self._next = first + _RANGE if first + _RANGE < _LAST else _FIRST
            try:
                claim.bind(f"\0steamship-users-{first}")
            except OSError as error:
                if error.errno == errno.EADDRINUSE:
                    continue
                raise
            self._taken[first] = claim
            return Users(first, _RANGE)

    def give(self, users: Users) -> None:
        """Nobody is left who has a user of that range."""
        if users.first:
            self._taken.pop(users.first).close()


def limits_of(asked: dict[str, Any]) -> Limits:
    """The engine's `limits` of a zygote or worker."""
    numbers = {name: int(asked[name]) for name in ("memory", "processes", "files", "scratch")}
    return Limits(cpu=float(asked["cpu"]), **numbers)
