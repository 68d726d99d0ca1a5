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


def shared(pid: int) -> list[str]:
    """What it has mapped so that others see it write, or might."""
    # The quick look first: most processes have nothing mapped for others.
    found = [
        line for line in proc.read(f"/proc/{pid}/maps").splitlines() if line[line.index(b" ") + 4] == ord("s")
    ]
    return proc.shared_memory(pid) if found else []


def _mounts(pid: int) -> list[tuple[str, str, bool]]:
    found = []
    for line in proc.read(f"/proc/{pid}/mountinfo").decode(errors="replace").splitlines():
        _, _, device, _, point, options, _ = line.split(" ", 6)
        found.append((point, device, "ro" in options.split(",")))
    return found
