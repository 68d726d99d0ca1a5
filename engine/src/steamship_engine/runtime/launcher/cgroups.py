"""Control groups: what the kernel holds a worker to with all that it starts, whatever becomes of its parents.

Version 1 of the kernel's interface has a hierarchy for each controller, version 2 one for all
(docs.kernel.org/admin-guide/cgroup-v1 and cgroup-v2). Each launcher has a group in the one that it was started
in, each zygote and each worker a group in that.
"""

import contextlib
import os
import signal

from steamship_engine.runtime.launcher import proc
from steamship_engine.runtime.launcher.sandbox import Limits

_MOUNTS = "/sys/fs/cgroup"
_PERIOD = 100_000
"""Microseconds in which a group has its share of processor time."""

_OF_SOCKETS, _LEAST_OF_SOCKETS = 8, 16 << 20
_OPTIONAL = (
    "memory.memsw.limit_in_bytes",
    "memory.kmem.tcp.limit_in_bytes",
    "memory.swap.max",
    "memory.oom.group",
)
"""What kernels lack that have no swap, or no count of what sockets hold."""

_EVENTS = 1024
_CONTROLLERS = ("memory", "pids", "cpu")
_ALL = "+memory +pids +cpu"
_NAME = "steamship-"
_ASIDE = "engine"
"""Where the engine and its launcher are in version 2: a group has processes, or groups with controllers, not both."""


class Groups:
    """This launcher's groups. Raises OSError where it may not have any."""

    def __init__(self) -> None:
        own = dict(_own())
        self._hierarchies: dict[str, str] = {}
        self._ended: set[str] = set()
        self._events: dict[str, int] = {}
        unified = f"{_MOUNTS}{own.get('', '/')}".rstrip("/").removesuffix(f"/{_ASIDE}")
        self._v1 = not os.path.exists(f"{_MOUNTS}/cgroup.controllers")
        if not self._v1:
            _step_aside(unified)
        for name in _CONTROLLERS:
            above = f"{_MOUNTS}/{name}{own[name]}" if self._v1 and name in own else unified
            self._hierarchies[name] = f"{above.rstrip('/')}/{_NAME}{os.getpid()}"
        for folder in dict.fromkeys(self._hierarchies.values()):
            _tidy(os.path.dirname(folder))
            os.mkdir(folder)
        if not self._v1:
            _write(f"{unified}/{_NAME}{os.getpid()}/cgroup.subtree_control", _ALL)

    def make(self, name: str, limits: Limits) -> tuple[str, ...]:
        """A group that has nobody yet; the files that a process is written to which is to be in it. Raises OSError."""
        for folder in self._folders(name):
            os.mkdir(folder)
        share = str(int(limits.cpu * _PERIOD))
        if self._v1:
            self._set(name, "memory", "memory.limit_in_bytes", str(limits.memory))
            self._set(name, "memory", "memory.memsw.limit_in_bytes", str(limits.memory))
            # What sockets hold is counted apart, and the machine has little of it.
            of_sockets = max(limits.memory // _OF_SOCKETS, _LEAST_OF_SOCKETS)
            self._set(name, "memory", "memory.kmem.tcp.limit_in_bytes", str(of_sockets))
            self._set(name, "pids", "pids.max", str(limits.processes))
            self._set(name, "cpu", "cpu.cfs_quota_us", share)
        else:
            self._set(name, "memory", "memory.max", str(limits.memory))
            self._set(name, "memory", "memory.swap.max", "0")
            self._set(name, "memory", "memory.oom.group", "1")
            self._set(name, "pids", "pids.max", str(limits.processes))
            self._set(name, "cpu", "cpu.max", f"{share} {_PERIOD}")
        file = "memory.oom_control" if self._v1 else "memory.events"
        events = f"{self._hierarchies['memory']}/{name}/{file}"
        self._events[name] = os.open(events, os.O_RDONLY | os.O_CLOEXEC)
        return tuple(f"{folder}/cgroup.procs" for folder in self._folders(name))

    def enter(self, name: str, pid: int) -> None:
        """Put the process in. Raises OSError."""
        for folder in self._folders(name):
            _write(f"{folder}/cgroup.procs", str(pid))

    def out_of_memory(self, name: str) -> bool:
        """Whether the kernel killed anybody in it for want of memory."""
        if name not in self._events:
            return False
        try:
            counts = os.pread(self._events[name], _EVENTS, 0).split()
        except OSError:
            return False
        killed = dict(zip(counts[::2], counts[1::2], strict=False)).get(b"oom_kill", b"0")
        return killed != b"0"

    def remove(self, name: str) -> None:
        """Nobody lives in it any more; safe to repeat. It goes once whoever was in it has been reaped."""
        if name in self._events:
            os.close(self._events.pop(name))
        self._ended.add(name)
        self.sweep()

    def sweep(self) -> None:
        """Remove what could not go before."""
        for name in tuple(self._ended):
            for folder in self._folders(name):
                with contextlib.suppress(OSError):
                    os.rmdir(folder)
            if not any(map(os.path.exists, self._folders(name))):
                self._ended.discard(name)

    def close(self) -> None:
        """Remove this launcher's own."""
        self.sweep()
        for folder in dict.fromkeys(self._hierarchies.values()):
            with contextlib.suppress(OSError):
                os.rmdir(folder)

    def _folders(self, name: str) -> list[str]:
        return [f"{folder}/{name}" for folder in dict.fromkeys(self._hierarchies.values())]

    def _set(self, name: str, controller: str, file: str, value: str) -> None:
        path = f"{self._hierarchies[controller]}/{name}/{file}"
        if file not in _OPTIONAL or os.path.exists(path):
            _write(path, value)


def _step_aside(group: str) -> None:
    """Have controllers for groups in this one. Raises OSError, where others than the engine are in it too.

    Written to the kernel's document ("no internal process constraint"); not proven on a machine.
    """
    if set(proc.read(f"{group}/cgroup.subtree_control").decode().split()).issuperset(_CONTROLLERS):
        return
    os.makedirs(f"{group}/{_ASIDE}", exist_ok=True)
    for pid in (os.getppid(), os.getpid()):
        _write(f"{group}/{_ASIDE}/cgroup.procs", str(pid))
    _write(f"{group}/cgroup.subtree_control", _ALL)


def _tidy(above: str) -> None:
    """Remove what launchers have left there that were killed, and kill who is in it.

    The kernel keeps a group until all of them have been reaped.
    """
    for name in os.listdir(above):
        number = name.removeprefix(_NAME)
        if (
            number == name
            or not number.isdigit()
            or (int(number) != os.getpid() and not proc.ended(int(number)))
        ):
            continue
        with contextlib.suppress(OSError):
            left = f"{above}/{name}"
            for group in [each.path for each in os.scandir(left) if each.is_dir()]:
                _kill(f"{group}/cgroup.procs")
                os.rmdir(group)
            os.rmdir(left)


def _kill(file: str) -> None:
    """Kill all processes of a group."""
    with open(file) as lines:
        for line in lines:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(line), signal.SIGKILL)


def _own() -> list[tuple[str, str]]:
    """The groups that this process is in: each controller's, and that of all others by an empty name."""
    found = []
    with open("/proc/self/cgroup") as lines:
        for line in lines:
            _, names, path = line.rstrip("\n").split(":", 2)
            found += [(name, path) for name in names.split(",")]
    return found


def _write(path: str, value: str) -> None:
    file = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(file, value.encode())
    finally:
        os.close(file)
