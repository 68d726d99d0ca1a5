"""Whether a worker in namespaces has them for itself, sees what it should, and alone writes where it can write."""

import os
import socket
import struct

from steamship_engine.runtime.launcher import proc, root, views
from steamship_engine.runtime.launcher.lives import Worker
from steamship_engine.runtime.launcher.sandbox import Sandbox

_OWN = frozenset(views.KINDS) - {"user", "net"}
"""The namespaces that every worker has for itself; its zygote's users it shares, and its network where it is to."""

_NO_LINGER = struct.pack("ii", 0, 0)

_MOUNTED = {("/proc", "proc", True), (root.SCRATCH, "tmpfs", False)}
"""Where a worker has a file system of its own, of which kind, and whether it is to be read only."""


def zygote_in_place(worker: Worker, _pid: int, _sandbox: Sandbox) -> list[str]:
    """Its zygote sees what it saw at first: what it had mounted or entered since, its workers would share with it."""
    zygote = worker.zygote
    return [] if views.unchanged(zygote.pid, zygote.view) else ["its zygote has left its place"]


def first_process(worker: Worker, pid: int, _sandbox: Sandbox) -> list[str]:
    """It is the first one of its namespace of processes, which ends with it, right below its zygote's."""
    rights = proc.rights(pid)
    if rights is None:
        return ["it has ended"]
    if len(rights.inner_pids) != 3 or rights.inner_pids[2] != 1:
        return ["it is not the first of its processes"]
    worker.inner_pid = rights.inner_pids[1]
    return []


def view(worker: Worker, pid: int, _sandbox: Sandbox) -> list[str]:
    """It is where its zygote was at first, in namespaces of its own."""
    worker.view, zygotes = views.look(pid), worker.zygote.view
    problems = []
    if worker.view.namespaces["user"] != zygotes.namespaces["user"] or worker.view.root != zygotes.root:
        problems.append("it is in another place than its zygote")
    own = _OWN | ({"net"} if worker.network else set())
    namespaces = frozenset(worker.view.namespaces[kind] for kind in own)
    if namespaces & set(zygotes.namespaces.values()) or _anothers(worker, namespaces):
        problems.append("it has not all namespaces for itself")
    if views.place(pid, "cwd") != worker.view.root or views.mount_of(pid, "cwd") != views.mount_of(
        pid, "root"
    ):
        problems.append("it stands elsewhere than at its root")
    worker.owned = namespaces
    return problems


def mounts(worker: Worker, pid: int, _sandbox: Sandbox) -> list[str]:
    """It sees the files that its zygote saw at first, its own processes, and a scratch folder that is nobody else's."""
    here, zygotes = worker.view.mounts, worker.zygote.view.mounts
    more = here - zygotes
    if not zygotes <= here or len(more) != 2 or {(m.point, m.kind, m.read_only) for m in more} != _MOUNTED:
        return ["something else is mounted than its scratch folder"]
    problems = []
    if any(mount.mirrored for mount in here):
        problems.append("what is mounted elsewhere is seen by it")
    devices = frozenset(mount.device for mount in more)
    if not devices.isdisjoint(mount.device for mount in zygotes):
        problems.append("its zygote has its scratch folder")
    if _anothers(worker, devices):
        problems.append("another worker has its scratch folder")
    worker.owned |= devices
    if _first_shown(pid) != worker.view.namespaces["pid"]:
        problems.append("it is shown other processes than its own")
    return problems


def scratch(worker: Worker, pid: int, _sandbox: Sandbox) -> list[str]:
    """Its scratch folder is as large as it may be."""
    space = os.statvfs(f"/proc/{pid}/root{root.SCRATCH}")
    # No number at all is what one without a limit has; the last page is a whole one.
    most = worker.limits.scratch + space.f_frsize
    if 0 < space.f_blocks * space.f_frsize < most and 0 < space.f_files <= worker.limits.inodes:
        return []
    return ["its scratch folder has another size"]


def memory(worker: Worker, pid: int, _sandbox: Sandbox) -> list[str]:
    """Nobody else writes to what it sees as memory."""
    name = views.shared(pid, worker.zygote.files)
    return [] if name is None else [f'it shares writable memory: "{name}"']


def listeners(worker: Worker, _pid: int, sandbox: Sandbox) -> list[str]:
    """The sockets that it gave to the engine listen in its own network, on the ports that they should."""
    ports = sandbox.ports if worker.network else ()
    if len(worker.listeners) != len(ports):
        return ["it gave other sockets than the engine's listeners"]
    for descriptor, port in zip(worker.listeners, ports, strict=True):
        if not _listens(descriptor, port) or views.network_of(descriptor) != worker.view.namespaces["net"]:
            return [f"what it gave does not listen on port {port}"]
    return []


def _listens(descriptor: int, port: int) -> bool:
    """Whether it does; it never waits from then on."""
    copy = os.dup(descriptor)
    try:
        listener = socket.socket(fileno=copy)
    except OSError:
        os.close(copy)
        return False
    with listener:
        # These are matters of the open socket, which the worker has made: the engine must not wait for it.
        listener.setblocking(False)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        return (
            listener.family == socket.AF_INET
            and listener.type == socket.SOCK_STREAM
            and bool(listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))
            and listener.getsockname() == ("127.0.0.1", port)
        )


def _anothers(worker: Worker, names: frozenset[str]) -> bool:
    """Whether another worker has one of these namespaces or file systems; the names of those that are gone are given again."""
    others = worker.zygote.workers.values()
    return any(not names.isdisjoint(other.owned) and _has_any(other.pid) for other in others)


def _has_any(pid: int) -> bool:
    """Whether a process has namespaces still, which it gives up when it ends."""
    try:
        os.readlink(f"/proc/{pid}/ns/mnt")  # pathlib is slow
    except (FileNotFoundError, ProcessLookupError):
        return False
    except OSError:
        return True  # it hides them, so it lives
    return True


def _first_shown(pid: int) -> str:
    """The namespace of processes of the first process that its `/proc` has."""
    try:
        return os.readlink(f"/proc/{pid}/root/proc/1/ns/pid")  # pathlib is slow
    except OSError:
        return ""


CHECKS = (zygote_in_place, first_process, view, mounts, scratch, memory, listeners)
"""In this order: later ones rely on what the earlier ones have remembered of the worker."""
