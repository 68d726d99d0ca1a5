"""Reading from `/proc` what a process sees: namespaces, root and mounts. Raises OSError when it has ended."""

import os

from steamship_engine.runtime.launcher import proc
from steamship_engine.runtime.launcher.lives import View

KINDS = ("user", "mnt", "pid", "net", "ipc", "uts")
_NETWORK_OF = 0x894C
"""SIOCGSKNS of `linux/sockios.h`."""


def look(pid: int) -> View:
    """The view of the process `pid`, here "self" as well."""
    return View(
        {kind: os.readlink(f"/proc/{pid}/ns/{kind}") for kind in KINDS},  # pathlib is slow
        place(pid, "root"),
        frozenset(_mounts(pid)),
    )


def place(pid: int, name: str) -> tuple[int, int]:
    """Device and number of its `root` or `cwd`."""
    found = os.stat(f"/proc/{pid}/{name}")
    return found.st_dev, found.st_ino


def network_of(descriptor: int) -> str:
    """The network namespace that a socket is in, by the name that `View` has for it."""
    import fcntl

    namespace = fcntl.ioctl(descriptor, _NETWORK_OF)
    try:
        return os.readlink(f"/proc/self/fd/{namespace}")
    finally:
        os.close(namespace)


def shared(pid: int, view: View) -> list[str]:
    """What it has mapped so that others see it write, or might."""
    unwritable = {device for _, device, read_only in view.mounts if read_only}
    for line in proc.read(f"/proc/{pid}/maps").splitlines():
        if line[line.index(b" ") + 4] == ord("s"):
            _, rights, _, device, _ = line.split(None, 5)[:5]
            # Files that nobody can write to, such as the C library's, are the rule, and a closer look is slow.
            if b"w" in rights or _decimal(device) not in unwritable:
                return proc.shared_memory(pid)
    return []


def _decimal(device: bytes) -> str:
    """`major:minor`, which `maps` has in hexadecimal, as `mountinfo` has it."""
    major, minor = device.split(b":")
    return f"{int(major, 16)}:{int(minor, 16)}"


def _mounts(pid: int) -> list[tuple[str, str, bool]]:
    found = []
    for line in proc.read(f"/proc/{pid}/mountinfo").decode(errors="replace").splitlines():
        _, _, device, _, point, options, _ = line.split(" ", 6)
        found.append((point, device, "ro" in options.split(",")))
    return found
