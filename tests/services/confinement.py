"""What a zygote and a worker really are, read from this machine's `/proc` and held against what they must be."""

from __future__ import annotations

import os
import resource
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from steamship_engine.model.sandbox import SandboxMode
from steamship_engine.model.version_limits import VersionLimits
from steamship_engine.runtime.processes import WorkerProcess
from tests.services.nursery import Nursery

PORTS = (18_080, 18_081)
KINDS = ("user", "mnt", "pid", "net", "ipc", "uts")
_USERS = range(1 << 30, 1 << 31)
_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
_CAPABILITIES = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")
_HARD = {
    resource.RLIMIT_CORE: lambda _limits: 1,
    resource.RLIMIT_NOFILE: lambda limits: limits.files,
    resource.RLIMIT_FSIZE: lambda limits: limits.scratch,
}


@dataclass(frozen=True)
class Seen:
    """One process, as the kernel tells of it."""

    pid: int

    @property
    def status(self) -> Mapping[str, str]:
        """The lines of its `status`."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}

    @property
    def namespaces(self) -> Mapping[str, str]:
        """Its namespaces by kind."""
        return {kind: str(Path(f"/proc/{self.pid}/ns/{kind}").readlink()) for kind in KINDS}

    @property
    def users(self) -> set[int]:
        """Every user that it counts as."""
        return set(map(int, self.status["Uid"].split()))

    @property
    def descriptors(self) -> Mapping[int, str]:
        """Its descriptors."""
        return {
            int(path.name): str(path.readlink())
            for path in Path(f"/proc/{self.pid}/fd").iterdir()
            if path.is_symlink()
        }

    @property
    def root(self) -> tuple[int, int]:
        """Device and number of its root."""
        facts = Path(f"/proc/{self.pid}/root").stat()
        return facts.st_dev, facts.st_ino

    @property
    def stands_on(self) -> set[str]:
        """The mounts that its root and its working directory are on."""
        found = set()
        for name in ("root", "cwd"):
            folder = os.open(f"/proc/{self.pid}/{name}", os.O_PATH)
            lines = Path(f"/proc/self/fdinfo/{folder}").read_text().splitlines()
            found |= {line for line in lines if line.startswith("mnt_id:")}
            os.close(folder)
        return found

    @property
    def mounts(self) -> list[tuple[str, str, str, str]]:
        """Point, kind, options and what it shares with other mounts."""
        found = []
        for line in Path(f"/proc/{self.pid}/mountinfo").read_text().splitlines():
            before, after = line.split(" - ")
            fields = before.split(" ")
            found.append((fields[4], after.split(" ")[0], fields[5], " ".join(fields[6:])))
        return found

    @property
    def groups(self) -> list[tuple[str, str]]:
        """Its control groups: controllers, and the group that it has of them."""
        lines = Path(f"/proc/{self.pid}/cgroup").read_text().splitlines()
        return [(line.split(":", 2)[1], line.split(":", 2)[2]) for line in lines]


def amiss(n: Nursery, process: WorkerProcess) -> list[str]:
    """What is wrong with a worker that is born; nothing where it is confined."""
    return list(_amiss(n, process))


def _amiss(n: Nursery, process: WorkerProcess) -> Iterator[str]:
    worker, zygote = Seen(process.pid), Seen(n.zygote_pid())
    yield from _rights(worker)
    yield from _users(worker, zygote)
    yield from _places(worker, zygote)
    yield from _limits(n, worker)
    if set(worker.descriptors) != {0, 1, 2, 3}:
        yield f"it has the descriptors {worker.descriptors}"
    if {process.listeners[port].getsockname() for port in PORTS} != {("127.0.0.1", port) for port in PORTS}:
        yield "it does not listen for the engine"
    if any(os.get_blocking(listener.fileno()) for listener in process.listeners.values()):
        yield "its listeners make the engine wait"
    for listener in process.listeners.values():
        if any(listener.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, 8)):
            yield "its connections make the engine wait when they are closed"


def _rights(worker: Seen) -> Iterator[str]:
    status = worker.status
    for name in _CAPABILITIES:
        if int(status[name], 16):
            yield f"it has capabilities: {name} {status[name]}"
    for name, value in {"NoNewPrivs": "1", "Seccomp": "2", "Seccomp_filters": "2", "Threads": "1"}.items():
        if status[name] != value:
            yield f"its {name} is {status[name]}"
    if status["TracerPid"] != "0":
        yield "it is traced"


def _users(worker: Seen, zygote: Seen) -> Iterator[str]:
    status = worker.status
    if os.getuid() != 0:
        if worker.users != {os.getuid()}:
            yield f"its users are {worker.users}"
        return
    (first,) = zygote.users
    (own,) = worker.users if len(worker.users) == 1 else (0,)
    if first not in _USERS or not first < own < first + 4096:
        yield f"its users are {worker.users}, its zygote's {zygote.users}"
    if set(map(int, status["Gid"].split())) != {own} or status["Groups"]:
        yield f"its groups are {status['Gid']} and {status['Groups']}"


def _places(worker: Seen, zygote: Seen) -> Iterator[str]:
    here, theirs, machines = worker.namespaces, zygote.namespaces, Seen(os.getpid()).namespaces
    for kind in KINDS:
        if here[kind] == machines[kind] or theirs[kind] == machines[kind]:
            yield f"it is in the machine's {kind} namespace"
        if (here[kind] == theirs[kind]) != (kind == "user"):
            yield f"its {kind} namespace is its zygote's, or should be"
    if worker.root != zygote.root or worker.root == Seen(os.getpid()).root:
        yield "its root is not its zygote's"
    if Path(f"/proc/{worker.pid}/cwd").stat().st_ino != worker.root[1] or len(worker.stands_on) != 1:
        yield "it stands elsewhere than at its root"
    writable = [point for point, _, options, _ in worker.mounts if "rw" in options.split(",")]
    if sorted(set(writable) - {"/scratch"}) != sorted(_DEVICES):
        yield f"it may write to {writable}"
    if any(shared for *_, shared in worker.mounts):
        yield "mounts elsewhere are seen by it"
    unlike = [
        point
        for point, _, options, _ in worker.mounts
        if not {"nosuid", "nodev"} <= set(options.split(",")) and point not in _DEVICES
    ]
    if unlike:
        yield f"programs may give rights, or there may be devices, in {unlike}"


def _limits(n: Nursery, worker: Seen) -> Iterator[str]:
    limits = next(iter(n.zygotes._zygotes.values())).version.limits
    for name, wanted in _HARD.items():
        if resource.prlimit(worker.pid, name) != (wanted(limits), wanted(limits)):
            yield f"its limit {name} is {resource.prlimit(worker.pid, name)}"
    if resource.prlimit(worker.pid, resource.RLIMIT_DATA)[1] > 2 * limits.memory + (256 << 20):
        yield "its memory has no limit"
    space = os.statvfs(f"/proc/{worker.pid}/root/scratch")
    if not 0 < space.f_blocks * space.f_frsize <= limits.scratch:
        yield f"its scratch folder has {space.f_blocks * space.f_frsize} bytes"
    if not 0 < space.f_files <= max(limits.scratch // (16 << 10), 4096):
        yield f"its scratch folder has room for {space.f_files} files"
    if n.launcher.layers.mode is SandboxMode.FULL:
        yield from _held(worker, limits)


def _held(worker: Seen, limits: VersionLimits) -> Iterator[str]:
    """By control groups of its own, of version 1: no machine of ours has the other."""
    for controller, file, wanted in (
        ("memory", "memory.limit_in_bytes", limits.memory),
        ("pids", "pids.max", limits.processes),
        ("cpu", "cpu.cfs_quota_us", int(limits.cpu * 100_000)),
    ):
        group = next((path for names, path in worker.groups if controller in names.split(",")), "")
        if "/steamship-" not in group or "/worker-" not in group:
            yield f'its control group of {controller} is "{group}"'
            continue
        value = int(Path(f"/sys/fs/cgroup/{controller}{group}/{file}").read_text())
        if not wanted <= value <= wanted + 64:
            yield f"its {file} is {value}"
