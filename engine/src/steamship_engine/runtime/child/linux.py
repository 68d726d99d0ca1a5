"""Calls of Linux that Python has no name for. The launcher takes them from here too.

Constants and structures are those of the kernel's headers `linux/sched.h`, `linux/mount.h`, `linux/prctl.h`,
`linux/capability.h` and `linux/filter.h`. Everything raises OSError.
"""

import ctypes
import os
import signal
from collections.abc import Collection, Iterable

NEW_MOUNTS = 0x0002_0000
NEW_NAMES = 0x0400_0000
NEW_IPC = 0x0800_0000
NEW_USER = 0x1000_0000
NEW_PIDS = 0x2000_0000
NEW_NETWORK = 0x4000_0000
SIBLING = 0x0000_8000
"""The new process's parent is this one's."""

READ_ONLY, NO_SUID, NO_DEVICES, NO_PROGRAMS = 1, 2, 4, 8
_BIND, _WITH_ALL_BELOW, _PRIVATE = 4096, 16384, 1 << 18
_DETACH = 2

SETGID, SETUID, SETPCAP, NET_BIND_SERVICE, NET_ADMIN, SYS_ADMIN = 6, 7, 8, 10, 12, 21
_CAPABILITY_VERSION = 0x2008_0522

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_SECCOMP = 22
_PR_CAPBSET_DROP = 24
_PR_SET_CHILD_SUBREAPER = 36
_PR_SET_NO_NEW_PRIVS = 38
_PR_CAP_AMBIENT = 47
_AMBIENT_RAISE, _AMBIENT_CLEAR = 2, 4
_SECCOMP_FILTER = 2

_SYS_CLONE, _SYS_PIVOT_ROOT = {"x86_64": (56, 155), "aarch64": (220, 41)}.get(os.uname().machine, (-1, -1))
_SYS_MOUNT_SETATTR = 442
_HERE, _RECURSIVELY = -100, 0x8000

_libc = ctypes.CDLL(None, use_errno=True)
_libc.prctl.argtypes = (ctypes.c_int, *(ctypes.c_ulong,) * 4)
_libc.mount.argtypes = (*(ctypes.c_char_p,) * 3, ctypes.c_ulong, ctypes.c_char_p)
_libc.umount2.argtypes = (ctypes.c_char_p, ctypes.c_int)
# With the interpreter's lock held: the new process has no other thread that could give it back.
_syscall = ctypes.PyDLL(None, use_errno=True).syscall
_syscall.restype = ctypes.c_long


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


_INSTRUCTION = 8


def die_with_parent() -> None:
    """Have this process killed when its parent ends."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def adopt_orphans() -> None:
    """Be the parent of every process below this one whose own parent ends."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def gain_nothing() -> None:
    """No program that is executed from now on gives more rights than this process has."""
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def own_files_in_proc() -> None:
    """Let this process read what `/proc` has of it, as after an exec; a change of user takes that away."""
    _prctl(_PR_SET_DUMPABLE, 1)


def unshare(namespaces: int) -> None:
    """Have new namespaces; of processes, for the children to come."""
    _check(_libc.unshare(namespaces), "unshare")


def enter(namespace: int, kind: int) -> None:
    """Be in the namespace that the descriptor is of; of processes, with the children to come."""
    _check(_libc.setns(namespace, kind), "setns")


def clone(flags: int) -> int:
    """As `os.fork`, with new namespaces, and without what Python does in a fork: for a process that soon executes another program."""
    return _check(_syscall(_SYS_CLONE, ctypes.c_ulong(flags | signal.SIGCHLD), 0, 0, 0, 0), "clone")


def mount(source: str, target: str, kind: str, flags: int, options: str = "") -> None:
    """Mount a file system of that kind."""
    result = _libc.mount(os.fsencode(source), os.fsencode(target), kind.encode(), flags, options.encode())
    _check(result, 'mount "%s"' % target)


def mount_proc(target: str = "/proc") -> None:
    """Mount what the kernel tells of this process's namespace of processes, not to be written."""
    mount("proc", target, "proc", READ_ONLY | NO_SUID | NO_DEVICES | NO_PROGRAMS)


def bind(source: str, target: str) -> None:
    """Have what lies at `source`, mounts below it too, at `target` as well."""
    mount(source, target, "none", _BIND | _WITH_ALL_BELOW)


def unmirror() -> None:
    """Nothing that is mounted in this namespace is seen outside, and nothing from outside is seen here."""
    mount("none", "/", "none", _WITH_ALL_BELOW | _PRIVATE)


def make_unwritable(target: str) -> None:
    """Let nothing be written below `target`, and nothing there be a device or give rights to who executes it."""
    attributes = (ctypes.c_uint64 * 4)(READ_ONLY | NO_SUID | NO_DEVICES, 0, 0, 0)
    size = ctypes.c_size_t(ctypes.sizeof(attributes))
    result = _syscall(_SYS_MOUNT_SETATTR, _HERE, os.fsencode(target), _RECURSIVELY, attributes, size)
    _check(result, 'mount_setattr "%s"' % target)


def pivot(root: str) -> None:
    """Make `root`, a mount, the root of this namespace, and leave the old one for good."""
    os.chdir(root)
    # The old one lies on top of the new one then.
    _check(_syscall(_SYS_PIVOT_ROOT, b".", b"."), "pivot_root")
    _check(_libc.umount2(b".", _DETACH), "umount2")
    os.chdir("/")


def capabilities() -> list[int]:
    """All that the kernel has."""
    with open("/proc/sys/kernel/cap_last_cap") as file:
        return list(range(int(file.read()) + 1))


def keep_capabilities(kept: Collection[int], had: Iterable[int]) -> None:
    """Have these, programs that are executed too, and be able to get none of `had` again."""
    bits = sum(1 << each for each in kept)
    for each in had:
        if not bits >> each & 1:
            _prctl(_PR_CAPBSET_DROP, each)
    _prctl(_PR_CAP_AMBIENT, _AMBIENT_CLEAR)
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION, 0)
    # Effective, permitted and inheritable; the lower halves of all come first.
    sets = (ctypes.c_uint32 * 6)(*(bits & 0xFFFF_FFFF,) * 3, *(bits >> 32,) * 3)
    _check(_libc.capset(header, sets), "capset")
    for each in kept:
        _prctl(_PR_CAP_AMBIENT, _AMBIENT_RAISE, each)


def filter_calls(program: bytes) -> None:
    """Load a seccomp program, for this process and all that come of it."""
    loaded = _Program(len(program) // _INSTRUCTION, program)
    _prctl(_PR_SET_SECCOMP, _SECCOMP_FILTER, ctypes.addressof(loaded))


def _prctl(option: int, second: int, third: int = 0) -> None:
    _check(_libc.prctl(option, second, third, 0, 0), "prctl(%d)" % option)


def _check(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, "%s: %s" % (what, os.strerror(number)))
    return result
