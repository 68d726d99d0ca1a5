"""What is said to the launcher."""

import array
import json
import os
import socket
import struct
import time

from tampering import before_each, birth, named, zygote


def _say(content, descriptors=()):
    """Say something else than that a worker is born."""

    def tell(_here):
        with socket.socket(fileno=os.dup(birth.CONTROL)) as control:
            control.sendmsg(
                [content], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))]
            )
        time.sleep(1000)

    birth.tell = tell


@named
def another_number():
    _say(b'{"born":999999}')


@named
def garbage():
    _say(b"\xff\x00")


@named
def no_object():
    _say(b"[1]")


@named
def deep_packet():
    _say(b"[" * 8000)


@named
def too_large_a_packet():
    _say(b'{"failed":1,"reason":"' + b"x" * 100_000 + b'"}')


@named
def unknown_packet():
    _say(b'{"kill":1}')


@named
def ready_unasked():
    _say(b'{"ready":true}')


@named
def too_many_descriptors():
    _say(b'{"born":1}', [0] * 50)


@named
def descriptors_with_a_failure():
    _say(b'{"failed":1,"reason":""}', [0])


@named
def zygote_ready_unasked():
    def say():
        with socket.socket(fileno=os.dup(birth.CONTROL)) as control:
            control.send(b'{"ready":true}')

    before_each(say)


@named
def no_text_as_a_reason():
    def fork(control, number, *_):
        control.send(json.dumps({"failed": number, "reason": "one\n\ud800\x1b[31mtwo"}).encode())
        return -1

    zygote._fork = fork


@named
def refuses_to_fork():
    zygote._fork = lambda *_: -1


@named
def names_its_sibling():
    """A second worker says that the first one is it."""
    seen = []
    fork = zygote._forked

    def forked(control, number, forks):
        if not seen:
            pid = fork(control, number, forks)
            if pid:
                seen.append(pid)
            return pid
        who = struct.pack("iII", seen[0], os.getuid(), os.getgid())
        with socket.socket(fileno=os.dup(birth.CONTROL)) as end:
            end.sendmsg([b'{"born":%d}' % number], [(socket.SOL_SOCKET, 2, who)])
        return -1

    zygote._forked = forked


@named
def does_not_reap():
    receive = zygote._receive

    def orders(control):
        while True:
            order, descriptors = receive(control)
            if "reap" not in order:
                return order, descriptors

    zygote._receive = orders


@named
def dies_when_asked():
    zygote._fork = lambda *_: os._exit(3)
