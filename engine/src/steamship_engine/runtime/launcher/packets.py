"""Packets: one JSON object each, with descriptors and the kernel's word on who sent it beside it."""

import array
import json
import os
import socket
import struct
from collections.abc import Sequence
from typing import Any, NamedTuple

MOST = 64 * 1024
_DESCRIPTORS = 4
_CREDENTIALS = struct.Struct("iII")
_SPACE = socket.CMSG_SPACE(_DESCRIPTORS * array.array("i").itemsize) + socket.CMSG_SPACE(_CREDENTIALS.size)


class WrongPacket(Exception):
    """What arrived is no packet."""


class Packet(NamedTuple):
    """`pid` is the sender's as the kernel knows it, where the socket asks for that, else 0."""

    content: dict[str, Any]
    descriptors: tuple[int, ...]
    pid: int


def receive(end: socket.socket, most: int = MOST) -> Packet | None:
    """The next packet; None when the other end is closed. Raises WrongPacket; its descriptors are closed then."""
    try:
        data, ancillary, flags, _ = end.recvmsg(most, _SPACE, socket.MSG_CMSG_CLOEXEC)
    except ConnectionError:
        return None
    descriptors = array.array("i")
    pid = 0
    for level, kind, content in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            descriptors.frombytes(content[: len(content) - len(content) % descriptors.itemsize])
        elif level == socket.SOL_SOCKET and kind == socket.SCM_CREDENTIALS:
            pid = _CREDENTIALS.unpack(content)[0]
    if not data and not descriptors:
        return None
    try:
        if flags & (socket.MSG_TRUNC | socket.MSG_CTRUNC):
            raise WrongPacket("it is too long")
        decoded = json.loads(data)
        if not isinstance(decoded, dict):
            raise WrongPacket("it is no object")
    except (ValueError, RecursionError, WrongPacket) as error:
        close(descriptors)
        raise WrongPacket(str(error)) from error
    return Packet(decoded, tuple(descriptors), pid)


def send(end: socket.socket, content: dict[str, Any], descriptors: Sequence[int] = ()) -> None:
    """Send one packet. Raises OSError."""
    socket.send_fds(end, [json.dumps(content, separators=(",", ":")).encode()], list(descriptors))


def close(descriptors: Sequence[int]) -> None:
    """Close them all."""
    for descriptor in descriptors:
        os.close(descriptor)
