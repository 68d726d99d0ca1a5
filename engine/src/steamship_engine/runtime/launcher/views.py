"""Reading from `/proc` what a process sees: namespaces, root, mounts and mapped files. Raises OSError when it has ended."""

import os
import re

from steamship_engine.runtime.launcher import proc
from steamship_engine.runtime.launcher.lives import Mount, View

KINDS = ("user", "mnt", "pid", "net", "ipc", "uts")
_NETWORK_OF = 0x894C
"""SIOCGSKNS of `linux/sockios.h`."""

_MAPPED = re.compile(rb"^\S+ (\S+) \S+ (?!00:00 )(\S+) \d+ *(.*)$", re.MULTILINE)
"""Rights, device and name of a file that is mapped: memory without a file has no device."""


def look(pid: int) -> View:
    """The view of the process `pid`."""
    table = _table(pid)
    return View(_namespaces(pid), place(pid, "root"), frozenset(_mounts(table)), table)


def unchanged(pid: int, view: View) -> bool:
    """Whether the process still has that view."""
    if _namespaces(pid) != view.namespaces or place(pid, "root") != view.root:
        return False
    table = _table(pid)
    # The machine's administrator may have changed the options of a file system.
    return table == view.table or frozenset(_mounts(table)) == view.mounts


def place(pid: int, name: str) -> tuple[int, int]:
    """Device and number of its `root` or `cwd`."""
    found = os.stat(f"/proc/{pid}/{name}")
    return found.st_dev, found.st_ino


def mount_of(pid: int, name: str) -> str:
    """The mount that its `root` or `cwd` is on: the same folder may be had through that of another namespace."""
    folder = os.open(f"/proc/{pid}/{name}", os.O_PATH | os.O_CLOEXEC)
    try:
        lines = proc.read(f"/proc/self/fdinfo/{folder}").decode().splitlines()
        return next((line for line in lines if line.startswith("mnt_id:")), "")
    finally:
        os.close(folder)


def network_of(descriptor: int) -> str:
    """The network namespace that a socket is in, by the name that `View` has for it."""
    import fcntl

    namespace = fcntl.ioctl(descriptor, _NETWORK_OF)
    try:
        return os.readlink(f"/proc/self/fd/{namespace}")
    finally:
        os.close(namespace)


def unwritable(view: View) -> frozenset[bytes]:
    """The devices, as mappings have them, whose files nobody with that view can write to.

    Those of the launcher's own programs are among them: some kernels show what lies below a layered file system.
    """
    found = {_hexadecimal(mount.device) for mount in view.mounts if mount.read_only}
    found |= {device for _, device, _ in _MAPPED.findall(proc.read("/proc/self/maps"))}
    return frozenset(found - {_hexadecimal(mount.device) for mount in view.mounts if not mount.read_only})


def shared(pid: int, unwritable: frozenset[bytes]) -> str | None:
    """The name of something that it has mapped and somebody else can write to, or sees it write to; None if there is nothing.

    Memory of its own that shows a file is among it: it shows what is written to the file.
    """
    for rights, device, name in _MAPPED.findall(proc.read(f"/proc/{pid}/maps")):
        if device not in unwritable or (rights[3] == ord("s") and b"w" in rights):
            return os.fsdecode(name)
    return None


def _namespaces(pid: int) -> dict[str, str]:
    return {kind: os.readlink(f"/proc/{pid}/ns/{kind}") for kind in KINDS}  # pathlib is slow


def _table(pid: int) -> bytes:
    return proc.read(f"/proc/{pid}/mountinfo")


def _mounts(table: bytes) -> list[Mount]:
    found = []
    for line in table.decode(errors="replace").splitlines():
        _, _, device, _, point, options, rest = line.split(" ", 6)
        fields, _, kinds = rest.partition("- ")
        found.append(Mount(point, device, kinds.split(" ", 1)[0], "ro" in options.split(","), fields != ""))
    return found


def _hexadecimal(device: str) -> bytes:
    """`major:minor`, which `mountinfo` has in decimal, as `maps` has it."""
    major, minor = device.split(":")
    return b"%02x:%02x" % (int(major), int(minor))
