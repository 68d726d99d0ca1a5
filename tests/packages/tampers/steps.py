"""Births that leave a step out, or do something else beside it."""

import ctypes
import os
import struct
import threading
import time

from tampering import after, at_the_end, birth, landlock, linux, named, without

ALLOW_ALL = struct.pack("HBBI", 6, 0, 0, 0x7FFF0000)
LIBC = ctypes.CDLL(None, use_errno=True)


def _leave_out(name):
    def leave():
        without(name)

    leave.__name__ = "without" + name
    named(leave)


for step in birth.STEPS:
    _leave_out(step.__name__)


@named
def no_filter():
    linux.filter_calls = lambda _program: None


@named
def another_filter():
    load = linux.filter_calls
    linux.filter_calls = lambda _program: load(ALLOW_ALL)


@named
def no_landlock():
    landlock.restrict = lambda *_: None


@named
def undumpable():
    at_the_end(lambda: LIBC.prctl(4, 0, 0, 0, 0))


@named
def another_user():
    after("_user", lambda: os.setresuid(1500, 1500, 1500))


@named
def another_group():
    after("_user", lambda: os.setgroups([1500]))


@named
def root_group():
    after("_user", lambda: os.setresgid(1000, 1000, 1000))


@named
def stands_in_scratch():
    at_the_end(lambda: os.chdir("/scratch"))


@named
def stands_at_its_zygotes_root():
    """The same folder, through the mount of another namespace."""
    kept = []
    after("_adopt_orphans", lambda: kept.append(os.open("/", os.O_RDONLY)))

    def stand():
        os.fchdir(kept[0])
        os.close(kept[0])

    at_the_end(stand)


@named
def outlives_the_launcher():
    """No signal tells it that the launcher has ended, and when it finds out it stays."""
    LIBC.prctl(1, 0, 0, 0, 0)
    os._exit = lambda _code: time.sleep(1000)


@named
def a_child():
    at_the_end(lambda: os.fork() or time.sleep(1000))


@named
def a_thread():
    at_the_end(lambda: threading.Thread(target=time.sleep, args=(1000,), daemon=True).start())


@named
def keeps_the_control_socket():
    at_the_end(lambda: os.dup(birth.CONTROL))


@named
def grandchild():
    """The worker is the child of one that stays."""
    be_born = birth.be_born

    def twice(here):
        be_born(here)
        if os.fork():
            time.sleep(1000)

    birth.be_born = twice
