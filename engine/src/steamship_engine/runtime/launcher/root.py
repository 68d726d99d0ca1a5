"""The root that a zygote and its workers see: what Python, the environment and the bundle need, to be read only.

Everything lies at the path that it has outside. Built in a mount namespace of its own, by a process that still
sees the machine's files.
"""

import os
from collections.abc import Iterable

from steamship_engine.runtime.child import linux

SCRATCH = "/scratch"
"""Where a zygote and each worker has a file system of its own, in memory."""

_PROGRAMS = ("/usr/bin", "/usr/sbin", "/usr/lib", "/usr/lib32", "/usr/lib64")
_SHARED = ("zoneinfo", "ca-certificates", "fonts", "mime", "locale")
_SETTINGS = (
    "/etc/alternatives",
    "/etc/fonts",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/etc/mime.types",
    "/etc/pki/tls/certs",
    "/etc/pki/ca-trust/extracted",
    "/etc/protocols",
    "/etc/services",
    "/etc/ssl/certs",
    "/etc/ssl/openssl.cnf",
)
_MERGED = ("bin", "sbin", "lib", "lib32", "lib64")
_DEVICES = ("null", "zero", "full", "random", "urandom")
_LINKS = {
    "/tmp": SCRATCH,  # noqa: S108  # the link itself
    "/var/tmp": SCRATCH,  # noqa: S108
    "/dev/shm": SCRATCH,  # noqa: S108
    "/dev/fd": "/proc/self/fd",
    "/dev/stdin": "/proc/self/fd/0",
    "/dev/stdout": "/proc/self/fd/1",
    "/dev/stderr": "/proc/self/fd/2",
}
_FILES = {
    "/etc/hosts": "127.0.0.1 localhost\n",
    "/etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
    "/etc/resolv.conf": "",
    "/etc/passwd": f"root:x:0:0::/nonexistent:/bin/false\nsteamship:x:1000:1000::{SCRATCH}:/bin/sh\n",
    "/etc/group": "root:x:0:\nsteamship:x:1000:\n",
    "/etc/machine-id": "",
}


def paths(reads: Iterable[str]) -> list[str]:
    """All that is to be read, where it lies and where it is asked for: these of a version, and what every Python needs."""
    asked = [*_PROGRAMS, *(f"/usr/share/{name}" for name in _SHARED), *_SETTINGS, *reads]
    return list(dict.fromkeys(each for path in asked for each in (os.path.realpath(path), path)))


def paths_of_the_machine(reads: Iterable[str]) -> list[str]:
    """The same where no root is built: with the machine's own files in the place of those that a root gets."""
    return [*paths(reads), *_FILES, "/proc"]


def build(place: str, reads: Iterable[str]) -> None:
    """Make the root at the folder `place`, with the paths `reads` of this version, and let this process be in it.

    Raises OSError.
    """
    linux.unmirror()
    linux.mount("tmpfs", place, "tmpfs", linux.NO_SUID | linux.NO_DEVICES, "size=4m,mode=0755")
    reads = tuple(reads)
    links = [path for path in reads if _is_link(path)]
    for path in paths(path for path in reads if path not in links):
        _read(place, path)
    for path in links:
        _link(place, path)
    for name in _MERGED:
        _merged(place, name)
    for path, target in _LINKS.items():
        os.makedirs(place + os.path.dirname(path), exist_ok=True)
        # What the version needs may lie there.
        if not os.path.lexists(place + path):
            os.symlink(target, place + path)
    for path, content in _FILES.items():
        with open(place + path, "w") as file:
            file.write(content)
    for folder in ("/proc", SCRATCH):
        os.mkdir(place + folder)
    for name in _DEVICES:
        _touch(f"{place}/dev/{name}")
    linux.make_unwritable(place)
    for name in _DEVICES:
        linux.bind(f"/dev/{name}", f"{place}/dev/{name}")
    _mount_empty_proc(place)
    linux.pivot(place)


def _is_link(path: str) -> bool:
    """Whether it is one on the way to an interpreter, which finds its library by what that leads to."""
    return os.path.islink(path) and not os.path.isdir(path)


def _read(place: str, path: str) -> None:
    """Have the machine's `path` there; nothing happens where it has none, or where a folder above it is there."""
    target = place + path
    if not os.path.exists(path) or os.path.lexists(target):
        return
    if os.path.isdir(path):
        os.makedirs(target)
    else:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        _touch(target)
    linux.bind(path, target)


def _link(place: str, path: str) -> None:
    """Have the link itself there, unless it lies in what is there already."""
    if not os.path.lexists(place + path):
        os.makedirs(os.path.dirname(place + path), exist_ok=True)
        os.symlink(os.readlink(path), place + path)


def _merged(place: str, name: str) -> None:
    """`/lib` and its like: a link into `/usr` on most machines, a folder on some."""
    if os.path.islink(f"/{name}"):
        os.symlink(os.readlink(f"/{name}"), f"{place}/{name}")
    else:
        _read(place, f"/{name}")


def _touch(path: str) -> None:
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o644))


def _mount_empty_proc(place: str) -> None:
    """What lies below every later `/proc`: the kernel admits those only where one can be seen, and a zygote may look.

    It shows a namespace of processes that has ended.
    """
    pid = linux.clone(linux.NEW_PIDS)
    if pid == 0:
        try:
            linux.mount_proc(f"{place}/proc")
            os._exit(0)
        finally:
            os._exit(1)
    if os.waitpid(pid, 0)[1] != 0:
        raise OSError("proc cannot be mounted: is /proc of this machine covered in parts?")
