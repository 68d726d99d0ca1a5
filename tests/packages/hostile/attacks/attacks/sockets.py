"""Reaching listeners of the host, and sockets of kinds that no package needs.

The test's listeners say a word to everyone who comes: only that word counts, for in a network of its own a
datagram to nobody is sent without an error.
"""

import socket

from .outcome import Closed, attack

_SECONDS = 2


def _word_of(kind, family, address):
    with socket.socket(family, kind) as made:
        made.settimeout(_SECONDS)
        made.connect(address)
        if kind == socket.SOCK_DGRAM:
            made.send(b"who is there?")
        word = made.recv(64)
    if not word:
        raise Closed("nobody answered")
    return word.decode()


def _stream(family, address):
    return _word_of(socket.SOCK_STREAM, family, address)


def _datagram(family, address):
    return _word_of(socket.SOCK_DGRAM, family, address)


@attack("connect to 127.0.0.1 of the host")
def tcp(given):
    return _stream(socket.AF_INET, ("127.0.0.1", given["ports"]["tcp"]))


@attack("connect to another loopback address of the host")
def tcp_other(given):
    return _stream(socket.AF_INET, ("127.0.0.2", given["ports"]["every"]))


@attack("connect to 0.0.0.0 of the host")
def tcp_any(given):
    return _stream(socket.AF_INET, ("0.0.0.0", given["ports"]["tcp"]))


@attack("connect to ::1 of the host")
def tcp6(given):
    return _stream(socket.AF_INET6, ("::1", given["ports"]["tcp6"]))


@attack("connect to ::ffff:127.0.0.1 of the host")
def tcp_mapped(given):
    return _stream(socket.AF_INET6, ("::ffff:127.0.0.1", given["ports"]["tcp"]))


@attack("send a datagram to 127.0.0.1 of the host")
def udp(given):
    return _datagram(socket.AF_INET, ("127.0.0.1", given["ports"]["udp"]))


@attack("send a datagram to ::1 of the host")
def udp6(given):
    return _datagram(socket.AF_INET6, ("::1", given["ports"]["udp6"]))


@attack("connect to an abstract socket of the host")
def abstract(given):
    return _stream(socket.AF_UNIX, "\0" + given["unix"]["abstract"])


@attack("connect to a socket of the host that has a path")
def path(given):
    return _stream(socket.AF_UNIX, given["unix"]["path"])


@attack("see networks of the host")
def networks(given):
    names = [name for _, name in socket.if_nameindex()]
    if set(names) <= {"lo"}:
        raise Closed("it has a loopback of its own at most")
    return names


_NETLINK, _PACKET, _ALG, _VSOCK, _XDP = 16, 17, 38, 40, 44
_KINDS = {
    "netlink": (_NETLINK, socket.SOCK_RAW, 0),
    "packet": (_PACKET, socket.SOCK_RAW, 0),
    "raw": (socket.AF_INET, socket.SOCK_RAW, 1),
    "ping": (socket.AF_INET, socket.SOCK_DGRAM, 1),
    "raw IPv6": (socket.AF_INET6, socket.SOCK_RAW, 58),
    "vsock": (_VSOCK, socket.SOCK_STREAM, 0),
    "kernel cipher": (_ALG, socket.SOCK_SEQPACKET, 0),
    "XDP": (_XDP, socket.SOCK_RAW, 0),
}

for _name, _kind in _KINDS.items():

    @attack(f"make a {_name} socket")
    def made(given, kind=_kind):
        """Made and closed; it is connected to nobody."""
        with socket.socket(*kind):
            return "made"
