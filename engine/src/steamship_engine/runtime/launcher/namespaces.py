"""Into namespaces of its own: what becomes of a forked process before it is confined.

Two processes do it. The first sees the machine's files, builds the root in a mount namespace of its own and leaves.
The second, a child of the launcher's too, is in a user namespace below that: what is mounted there it cannot
undo, whatever it may do in its own. It is the first process of its namespace of processes: the kernel ends with
it all that came of it.
"""

import contextlib
import errno
import os
import socket

from steamship_engine.runtime.child import linux
from steamship_engine.runtime.launcher import root
from steamship_engine.runtime.launcher.sandbox import USER, Users

_HOST_NAME = "steamship"
_REFUSED = (errno.EPERM, errno.EACCES, errno.ENOSPC)
_OBSTACLES = {
    "kernel/apparmor_restrict_unprivileged_userns": "1",
    "kernel/unprivileged_userns_clone": "0",
    "user/max_user_namespaces": "0",
}
"""Ubuntu's from 24.04, Debian's before 11, and every kernel's."""

_OWN = linux.NEW_USER | linux.NEW_MOUNTS | linux.NEW_PIDS | linux.NEW_IPC | linux.NEW_NAMES


def enter(
    place: str, reads: tuple[str, ...], users: Users, told: int, scratch: str, *, network: bool
) -> None:
    """Go on in namespaces of its own, at a root built at `place`; with `network` in none but its own.

    The process that called this does not come back; what does has another id, which is written to the descriptor
    `told`. `scratch` are options of the file system that it writes in. Raises OSError in both.
    """
    try:
        _enter(place, reads, users, told, scratch, network=network)
    except OSError as error:
        reason = obstacle() if error.errno in _REFUSED else None
        if reason is None:
            raise
        raise OSError(error.errno, f"{error.strerror}; {reason}") from error


def obstacle(settings: str = "/proc/sys") -> str | None:
    """The setting of the machine that keeps ordinary users from having namespaces, if there is one."""
    if os.getuid() != 0:
        for path, value in _OBSTACLES.items():
            with contextlib.suppress(OSError), open(f"{settings}/{path}") as file:
                if file.read().strip() == value:
                    return f'the setting "{path.replace("/", ".")}" of this machine is {value}'
    return None


def _enter(
    place: str, reads: tuple[str, ...], users: Users, told: int, scratch: str, *, network: bool
) -> None:
    outside = _Outside()
    root.build(place, reads)
    waiting, go = os.pipe2(os.O_CLOEXEC)
    pid = linux.clone(_OWN | linux.SIBLING | (linux.NEW_NETWORK if network else 0))
    if pid:
        outside.map_users(pid, users)
        os.write(told, b"%d\n" % pid)
        os.write(go, b"!")
        os._exit(0)
    os.close(go)
    outside.close()
    if not os.read(waiting, 1):
        raise ProcessLookupError("its users were not made")
    os.close(waiting)
    if users.first:
        os.setgroups([])
    os.setresgid(USER, USER, USER)
    os.setresuid(USER, USER, USER)
    socket.sethostname(_HOST_NAME)
    linux.mount_proc()
    linux.mount("tmpfs", root.SCRATCH, "tmpfs", linux.NO_SUID | linux.NO_DEVICES, f"{scratch},mode=0700")


class _Outside:
    """The machine's `/proc`, for when its root is gone."""

    def __init__(self) -> None:
        """Leave the machine's mounts, as an ordinary user into a user namespace whose root it is."""
        user, group = os.getuid(), os.getgid()
        linux.unshare(linux.NEW_MOUNTS | (linux.NEW_USER if user else 0))
        self._proc = os.open("/proc", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        if user:
            self._write("self/setgroups", "deny")
            self._write("self/uid_map", f"0 {user} 1")
            self._write("self/gid_map", f"0 {group} 1")

    def map_users(self, pid: int, users: Users) -> None:
        """Give the process its users: the version's range of the machine's, or this one alone."""
        first, count = (users.first, users.number) if users.first else (0, 1)
        if not users.first:
            # Refused where it is denied already.
            with contextlib.suppress(PermissionError):
                self._write(f"{pid}/setgroups", "deny")
        for name in ("uid_map", "gid_map"):
            self._write(f"{pid}/{name}", f"{USER} {first} {count}")

    def close(self) -> None:
        os.close(self._proc)

    def _write(self, path: str, text: str) -> None:
        file = os.open(path, os.O_WRONLY | os.O_CLOEXEC, dir_fd=self._proc)
        try:
            os.write(file, text.encode())
        finally:
            os.close(file)
