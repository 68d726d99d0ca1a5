"""Which process of this machine is at the other end of a local connection, by what the kernel tells in /proc.

A package that fetches a public method without its key is known by nothing else, where its worker is on the machine's own
network. Of a worker with a network of its own the listener tells (`port.Caller`).
"""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Iterable
from pathlib import Path

Address = tuple[str, int]

_REMEMBERED_S = 1.0
_MOST_REMEMBERED = 1_000
_ENDED = 0
"""The inode of a connection that no process holds any more."""


class Peers:
    """Remembers for a second what it found out about a connection: clients that keep one open are asked about seldom."""

    def __init__(self) -> None:
        self._inodes: dict[Address, tuple[float, int]] = {}

    def holder(self, peer: Address, processes: Iterable[int]) -> int | None:
        """The one of the processes that holds the socket whose own address is `peer`, or None."""
        if not _is_loopback(peer[0]):
            return None
        inode = self._inode(peer)
        if inode == _ENDED:
            return None
        return next((pid for pid in processes if _holds(pid, f"socket:[{inode}]")), None)

    def _inode(self, peer: Address) -> int:
        found = self._inodes.get(peer)
        if found is not None and found[0] > time.monotonic():
            return found[1]
        if len(self._inodes) >= _MOST_REMEMBERED:
            self._inodes.clear()
        inode = _inode_of(peer)
        self._inodes[peer] = (time.monotonic() + _REMEMBERED_S, inode)
        return inode


def _is_loopback(host: str) -> bool:
    return host.startswith("127.") or host == "::1"


def _inode_of(peer: Address) -> int:
    """The inode of the connected socket with that address of its own."""
    host, port = peer
    table, family = ("tcp6", socket.AF_INET6) if ":" in host else ("tcp", socket.AF_INET)
    packed = socket.inet_pton(family, host)
    words = struct.unpack(f"={len(packed) // 4}I", packed)
    local = f"{''.join(f'{word:08X}' for word in words)}:{port:04X}"
    try:
        lines = Path(f"/proc/net/{table}").read_text().splitlines()
    except OSError:
        return _ENDED
    for line in lines[1:]:
        fields = line.split(None, 10)
        if fields[1] == local and fields[9] != "0":
            return int(fields[9])
    return _ENDED


def _holds(pid: int, link: str) -> bool:
    try:
        return any(_link(descriptor) == link for descriptor in Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return False  # it has ended


def _link(descriptor: Path) -> str:
    try:
        return str(descriptor.readlink())
    except OSError:
        return ""
