"""Sockets that are given as the engine's listeners."""

import os
import socket
import struct

from tampering import after, birth, linux, named


def _give(make):
    """Let the first of the listeners be what `make` makes of it."""

    def change(here):
        here.listeners[0] = make(here.listeners[0])

    birth.STEPS = (*birth.STEPS[:-1], change, birth.STEPS[-1])


def _instead(kind, port, listens=True):
    def make(old):
        old.close()
        new = socket.socket(socket.AF_INET, kind)
        new.bind(("127.0.0.1", port or old_port[0]))
        if listens:
            new.listen()
        return new

    old_port = []

    def remember(here):
        old_port.append(here.listeners[0].getsockname()[1])

    birth.STEPS = (*birth.STEPS[:-1], remember, birth.STEPS[-1])
    _give(make)


@named
def udp_listener():
    _instead(socket.SOCK_DGRAM, 0, listens=False)


@named
def another_port():
    _instead(socket.SOCK_STREAM, 65000)


@named
def bound_listener():
    _instead(socket.SOCK_STREAM, 0, listens=False)


@named
def file_as_listener():
    def make(old):
        old.close()
        file = os.memfd_create("no socket")
        return type("File", (), {"fileno": lambda _: file, "close": lambda _: os.close(file)})()

    _give(make)


@named
def listener_of_another_network():
    """The worker goes on to a second network after it has listened in the first."""
    after("_namespaces", lambda: linux.unshare(linux.NEW_NETWORK))


@named
def too_few_listeners():
    def fewer(here):
        here.listeners.pop().close()

    birth.STEPS = (*birth.STEPS, fewer)


@named
def too_many_listeners():
    def more(here):
        here.listeners.append(here.listeners[0].dup())

    birth.STEPS = (*birth.STEPS, more)


@named
def keeps_a_listener():
    _give(lambda old: (os.dup(old.fileno()), old)[1])


@named
def listener_that_waits():
    _give(lambda old: (old.setblocking(True), old)[1])


@named
def listener_that_lingers():
    """Whoever closes one of its connections would wait for 25 seconds."""
    linger = struct.pack("ii", 1, 25)
    _give(lambda old: (old.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger), old)[1])
