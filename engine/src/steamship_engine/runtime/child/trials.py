"""What a worker tries that must be impossible, and what must be possible, before an engine trusts its sandbox."""

import ctypes
import os
import socket
import subprocess
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

from . import linux

_IO_URING_SETUP = 425
_DEVICE = 0o020600
_OF_MACHINES = {
    "x86_64": {"ptrace": 101, "keyctl": 250, "bpf": 321, "userfaultfd": 323},
    "aarch64": {"ptrace": 117, "keyctl": 219, "bpf": 280, "userfaultfd": 282},
}
_FOR_ADMINISTRATORS = {"io_uring_setup": _IO_URING_SETUP, **_OF_MACHINES.get(os.uname().machine, {})}
_WAIT = 1.0
_MULTIPATH = 262
"""IPPROTO_MPTCP."""

_KINDS = {
    "TCP": (socket.SOCK_STREAM,),
    "TCP fast open": (socket.SOCK_STREAM,),
    "multipath TCP": (socket.SOCK_STREAM, _MULTIPATH),
    "UDP": (socket.SOCK_DGRAM,),
}
_syscall = ctypes.CDLL(None, use_errno=True).syscall


def run(header: "dict[str, Any]") -> "list[str]":
    """What worked that must not, and what did not that must, in words; nothing where the sandbox holds.

    `secrets` are files that must not be read, `places` folders that must not be written to, `strangers` process
    ids that must not be seen, `closed` addresses that nothing must reach, `open` ports of its own network that must
    answer.
    """
    problems = [*_private(header), *_privileges()]
    for what, attempt in _needed(header).items():
        try:
            attempt()
        except Exception as error:
            problems.append("it cannot %s: %s" % (what, error))
    return problems


def _private(header: "dict[str, Any]") -> "list[str]":
    attempts: dict[str, Callable[[], object]] = {
        **{'reads "%s"' % path: partial(_read, path) for path in header["secrets"]},
        **{
            'writes to "%s"' % folder: partial(_touch, os.path.join(folder, "steamship-trial"))
            for folder in header["places"]
        },
        **{"may send signals to process %d" % pid: partial(os.kill, pid, 0) for pid in header["strangers"]},
        **{
            "reaches %s port %d of %s" % (kind, port, host): partial(_reach, kind, host, port)
            for kind, host, port in header["closed"]
        },
    }
    return ["it %s" % what for what, attempt in attempts.items() if _works(attempt)]


def _privileges() -> "list[str]":
    attempts: dict[str, Callable[[], object]] = {
        "have a user namespace": lambda: linux.unshare(linux.NEW_USER),
        "mount": lambda: linux.mount("tmpfs", os.environ["HOME"], "tmpfs", 0),
        "have devices": lambda: os.mknod(
            os.path.join(os.environ["HOME"], "memory"), _DEVICE, os.makedev(1, 1)
        ),
        "have raw sockets": lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1).close(),
        "change its root": lambda: os.chroot("/"),
        **{name: partial(_call, number) for name, number in _FOR_ADMINISTRATORS.items()},
    }
    if os.getuid() != 0:
        attempts["be root"] = lambda: os.setuid(0)
    return ["it can %s" % what for what, attempt in attempts.items() if _works(attempt)]


def _needed(header: "dict[str, Any]") -> "dict[str, Callable[[], object]]":
    needed: dict[str, Callable[[], object]] = {
        "write to its scratch folder": lambda: _touch(os.path.join(os.environ["HOME"], "trial")),
        "start a thread": _thread,
        "start a program": lambda: subprocess.run(["/bin/sh", "-c", ":"], check=True, timeout=10),
        "have a pair of sockets": _pair,
    }
    for port in header["open"]:
        needed["reach the engine's port %d" % port] = partial(_reach, "TCP", "127.0.0.1", port)
    return needed


def _works(attempt: "Callable[[], object]") -> bool:
    try:
        attempt()
    except OSError:
        return False
    return True


def _read(path: str) -> None:
    with open(path, "rb"):
        pass


def _touch(path: str) -> None:
    with open(path, "xb"):
        pass
    os.unlink(path)


def _reach(kind: str, host: str, port: int) -> None:
    """Connect, over TCP or what the kernel makes one of, or over UDP get an answer."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, *_KINDS[kind]) as end:
        if kind == "TCP fast open":
            end.sendto(b"?", socket.MSG_FASTOPEN, (host, port))
            return
        end.settimeout(_WAIT)
        end.connect((host, port))
        if kind == "UDP":
            end.send(b"?")
            end.recv(1)


def _pair() -> None:
    for end in socket.socketpair():
        end.close()


def _thread() -> None:
    thread = threading.Thread(target=int)
    thread.start()
    thread.join()


def _call(number: int) -> None:
    """A call with arguments that are wrong: what is forbidden says so before it looks at them."""
    if _syscall(number, -1, 0, 0, 0, 0) < 0:
        code = ctypes.get_errno()
        if code in (1, 38):
            raise OSError(code, os.strerror(code))
