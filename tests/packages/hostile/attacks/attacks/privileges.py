"""Becoming more than it is."""

import ctypes
import os
import resource
import subprocess

from .outcome import Closed, attack
from .syscalls import call

_VERSION_3 = 0x20080522
_SYS_ADMIN = 1 << 21
_GET_NO_NEW_PRIVS = 39
_PROGRAMS = ("/usr/bin/su", "/bin/su", "/usr/bin/mount", "/bin/mount", "/usr/bin/passwd", "/usr/bin/newgrp")

_prctl = ctypes.CDLL(None).prctl


def _status(name, of="self"):
    with open(f"/proc/{of}/status") as lines:
        return next(line.split()[1] for line in lines if line.startswith(f"{name}:"))


@attack("become root")
def become_root(given):
    os.setresgid(0, 0, 0)
    os.setresuid(0, 0, 0)
    if int(_status("CapEff"), 16) == 0:
        raise Closed("root without capabilities")
    return "root"


@attack("become another user")
def become_another(given):
    os.setresuid(12345, 12345, 12345)
    return f"user {os.getuid()}"


@attack("leave its groups")
def leave_groups(given):
    os.setgroups([])
    return "left"


@attack("gain capabilities")
def capabilities(given):
    header = (ctypes.c_uint32 * 2)(_VERSION_3, 0)
    return call("capset", header, (ctypes.c_uint32 * 6)(_SYS_ADMIN, _SYS_ADMIN, _SYS_ADMIN, 0, 0, 0))


@attack("have capabilities")
def have_capabilities(given):
    """Effective, permitted, inheritable, ambient or to be had from a program."""
    names = ("CapEff", "CapPrm", "CapInh", "CapAmb", "CapBnd")
    found = {name: _status(name) for name in names if int(_status(name), 16)}
    if not found:
        raise Closed("none")
    return found


@attack("gain privileges by a program")
def new_privileges(given):
    """Whether a program that is somebody else's by its mode would run as that one."""
    if _prctl(_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1:
        raise Closed("no new privileges")
    return "a program may give them"


@attack("run a program as root")
def suid_program(given):
    for path in _PROGRAMS:
        if os.path.exists(path) and os.stat(path).st_mode & 0o4000:
            # The loader says nothing to a process that has gained something by the exec.
            done = subprocess.run(
                [path, "--version"], env={"LD_DEBUG": "libs"}, capture_output=True, timeout=10, check=False
            )
            if done.stderr or os.getuid() == 0:
                raise Closed("it ran without")
            return path
    raise Closed("there is none")


@attack("raise its limits")
def limits(given):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard + 1))
    except ValueError as error:  # as Python says EPERM here
        raise Closed("EPERM") from error
    return f"{hard + 1} descriptors"


@attack("go without a filter of system calls")
def filterless(given):
    """No attack by itself: the layer that closes most others is not there."""
    if _status("Seccomp") == "2":
        raise Closed("filtered")
    return "none"
