"""What each mode does not stop: the one table, which SECURITY.md shows to people.

In the modes `full` and `no-cgroup` nothing is open. In `none` that is the control: an attack that is open nowhere shows
nothing by being closed. Whether some of them work even there is the host's affair: its kernel may have no such thing,
and a container may hold it back. Those of `SURE` work on every host.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tests.acceptance.sandbox.columns import Column
from tests.services.tenants import Outcome

_PROCESSES = ("engine", "launcher", "zygote", "sibling")
_FILES = ("database", "secret key", "other scratch", "other bundle", "other environment")
_ABOVE = ("engine", "launcher", "zygote")

_NEVER = (
    "find a descriptor that is not its own",
    "gain privileges by a program",
    "run a program as root",
    "search its own environment",
    "search its own memory",
    "search its own objects",
    "write into /proc",
    "write into /sys",
)
"""Closed in every mode, by what every worker has."""

_SURE = (
    *(f"read {name}" for name in (*_FILES, "profile")),
    *(f"read database by {way}" for way in ("symbolic link", "hard link", "..", "its own /proc")),
    *(f"read database by /proc/{name}/root" for name in _ABOVE),
    *(f"read database by /proc/{name}/cwd" for name in _ABOVE),
    *(f"open a descriptor of the {name} by /proc" for name in _ABOVE),
    "read other scratch by /proc/sibling/root",
    "list the data folder",
    *(f"read the environment of the {name}" for name in _PROCESSES),
    *(f"signal the {name}" for name in _PROCESSES),
    *(f"signal the {name} by a pidfd" for name in _PROCESSES),
    *(f"change the scheduling of the {name}" for name in _PROCESSES),
    "signal everyone it may",
    *(f"change {name}" for name in ("database", "secret key", "other scratch")),
    "plant a file in the data folder",
    "write into /var/tmp",
    *(
        f"connect to {name} of the host"
        for name in ("127.0.0.1", "another loopback address", "0.0.0.0", "::1")
    ),
    "connect to ::ffff:127.0.0.1 of the host",
    "connect to an abstract socket of the host",
    "connect to a socket of the host that has a path",
    *(f"send a datagram to {name} of the host" for name in ("127.0.0.1", "::1")),
    "see networks of the host",
    "make a netlink socket",
    "be traced",
    "go without a filter of system calls",
    *(f"find what a sibling left in {name}" for name in ("/tmp", "/var/tmp", "shared memory")),
    *(f"find what a sibling left in {name}" for name in ("an abstract socket", "a loopback port")),
    "find what a sibling left in the scratch folder of its import",
)
"""Open in `none`, whoever runs the engine, on every host."""

_SEEN = ("stat database", "see other processes", "make its bundle writable")
"""Open in `landlock` as well: it hides no names, and modes of files are not its business."""

_ANYBODY = (
    *(f"trace the {name}" for name in _PROCESSES),
    *(f"take a descriptor of the {name}" for name in _PROCESSES),
    *(f"compare descriptors with the {name}" for name in _PROCESSES),
    *(f"change limits of the {name}" for name in _PROCESSES),
    *(f"read the memory of the {name} from outside" for name in _PROCESSES),
    *(f"search the memory of the {name}" for name in _PROCESSES),
    "read database by /proc/1/root",
    "bind memory to a node",
    "change its personality",
    "change quotas",
    "clone into a user namespace",
    "clone3 into a user namespace",
    "unshare the user namespace",
    "mount in a user namespace of its own",
    "keep a key in the kernel",
    "read its session's keyring",
    "make a userfaultfd",
    "make a vsock socket",
    "make a kernel cipher socket",
    "make a ping socket",
    "set up io_uring",
    "make a bpf map",
    "count events of the kernel",
    "watch all of a file system",
    "read the kernel's log",
    "type on a terminal",
    "find what a sibling left in /dev/shm",
    "find what a sibling left in a message queue",
    "find what a sibling left in the session's keyring",
)
"""Open in `none`, whoever runs the engine, where the host has it."""

_ROOT = (
    "read /etc/shadow",
    *(f"change {name}" for name in ("other bundle", "other environment", "its bundle", "Python's library")),
    "change the SDK in its environment",
    "plant a .pth file in its environment",
    "plant a .pyc file in Python's library",
    "plant a file in its bundle",
    *(f"write into {name}" for name in ("/", "/usr", "/usr/lib", "/etc", "/dev")),
    *(f"open {name} for writing" for name in ("core_pattern", "/proc/sys", "/proc/sysrq-trigger", "/sys")),
    "open a block device",
    "open /dev/mem, /dev/kmsg or /proc/kcore",
    "open a file by its handle",
    *(f"unshare the {name} namespace" for name in ("mount", "cgroup", "uts", "ipc", "pid", "net", "time")),
    *(f"enter the engine's {name} namespace" for name in ("mnt", "net", "pid", "ipc", "uts")),
    *(f"mount {name}" for name in ("a tmpfs", "a /proc")),
    "bind a folder elsewhere",
    "unmount /proc",
    "unmount its scratch, or what it is in",
    "unmount what covers its folders",
    "make / writable",
    "make its code writable",
    "change the root",
    "chroot",
    "open a file system",
    "clone a tree of mounts",
    "make a device",
    "make the device of the disk",
    *(f"make a {name} socket" for name in ("packet", "raw", "raw IPv6", "XDP")),
    *(f"become {name}" for name in ("root", "another user")),
    "leave its groups",
    "gain capabilities",
    "raise its limits",
    "account for processes",
    "change a control group",
    "drive ports",
    "load a module",
    "load a module from a file",
    "load another kernel",
    "restart the machine",
    "set the clock",
    "set the host's name",
    "swap to a file",
)
"""Open in `none` when the engine runs as root, where the host has it and lets root have it."""

_NONE = ("none/root", "none/user")

OPEN: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(_NEVER, ()),
    **dict.fromkeys((*_SURE, *_ANYBODY), _NONE),
    **dict.fromkeys(_SEEN, (*_NONE, "landlock/root", "landlock/user")),
    **dict.fromkeys(_ROOT, ("none/root",)),
    "find what a sibling left in its scratch folder": (),
    # An ordinary user has none, but may not give up those that a program could have brought.
    "have capabilities": (*_NONE, "landlock/user"),
}
"""Every attack, and where it is open."""

LACKS = {"landlock": {"multiprocessing_fork", "multiprocessing_spawn", "tmp"}}
"""Controls that fail in a mode: without a root of its own a worker has its scratch folder, and no `/tmp` or `/dev/shm`."""

SURE = frozenset((*_SURE, *_SEEN))

_ZYGOTES = {"unshare the mount namespace": ("full/root", "no-cgroup/root", "no-cgroup/user")}
"""Open to what runs in a zygote, too, which makes the namespaces of its workers."""


def surprises(column: Column, outcomes: Mapping[str, Outcome], *, zygote: bool = False) -> list[str]:
    """In which of these the table is wrong about the column; nothing where it is right."""
    return list(_surprises(str(column), outcomes, _ZYGOTES if zygote else {}))


def _surprises(
    column: str, outcomes: Mapping[str, Outcome], further: Mapping[str, tuple[str, ...]]
) -> Iterator[str]:
    for name, outcome in outcomes.items():
        verdict, said = outcome["verdict"], outcome["error"] or outcome["seen"]
        expected = column in (*OPEN[name], *further.get(name, ()))
        if verdict == "broken" or (verdict == "open" and not expected):
            yield f"{name}: {verdict}: {said}"
        elif verdict == "closed" and expected and name in SURE:
            yield f"{name}: closed ({said}), so nothing is shown by its being closed elsewhere"
