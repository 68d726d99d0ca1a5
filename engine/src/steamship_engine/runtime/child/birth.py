"""What a fork of the zygote does before it is a worker: leave everything behind that is not its own.

The steps are taken in the order of `STEPS`; each layer of confinement that only the worker itself can put on
has its place among them. Then it tells the launcher, which looks at it from outside before anybody tells it
whose worker it is.

Every page that is written here is copied first, which is most of what a birth costs: what can be made ready
before the fork is.
"""

import array
import fcntl
import os
import resource
import select
import signal
import socket
import struct
import sys
from typing import Any, NamedTuple

from . import landlock, linux

CHANNEL = 3
CONTROL = 4
_OWN = linux.NEW_MOUNTS | linux.NEW_IPC | linux.NEW_NAMES
_HAD = (linux.SETGID, linux.SETUID, linux.SETPCAP, linux.NET_BIND_SERVICE, linux.NET_ADMIN, linux.SYS_ADMIN)
_SET_FLAGS = 0x8914
_UP = struct.pack("16sh14x", b"lo", 1)
"""An `ifreq` of `linux/if.h` for SIOCSIFFLAGS: the loopback interface is up."""

_WRITES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
_WAITING = 128

_spoken = select.poll()
_spoken.register(CHANNEL, select.POLLIN)


class Birth(NamedTuple):
    """What the steps need to know.

    `channel` is where the fork has the worker's end of its channel, `descriptors` above all that may be open.
    `size` bytes and `inodes` files fit into `scratch`, a file system of its own with `sandbox.namespaces`. `ports` are those that the
    worker listens on for the engine, with `network` in a network of its own; `listeners` its sockets there.
    """

    sandbox: "Sandbox"
    zygote: int
    scratch: str
    size: int
    inodes: int
    user: int
    ports: "list[int]"
    network: bool
    reads: "list[str]"
    channel: int
    descriptors: int
    child_handler: Any
    word: bytes
    listeners: "list[socket.socket]"


class Sandbox(NamedTuple):
    """The layers that a worker puts on; `program` is its own for seccomp, empty for none.

    With `users` each has a user of its own.
    """

    namespaces: bool
    landlock: bool
    users: bool
    program: bytes


def expect(order: "dict[str, Any]", sandbox: Sandbox, channel: int, child_handler: Any) -> Birth:
    """The birth that the launcher orders; for the zygote, before it forks."""
    return Birth(
        sandbox,
        os.getpid(),
        order["scratch"],
        order["size"],
        order["inodes"],
        order["user"],
        order["ports"],
        order["network"],
        order["reads"],
        channel,
        max(channel + 1, resource.getrlimit(resource.RLIMIT_NOFILE)[0]),
        child_handler,
        b'{"born":%d}' % order["worker"],
        [],
    )


def be_born(birth: Birth) -> None:
    """Take all steps. Raises OSError; the process must not go on then."""
    for step in STEPS:
        step(birth)


def tell(birth: Birth) -> None:
    """Say that this process is the worker, give up its listeners and the launcher's socket, and keep still.

    The engine's first word comes when the launcher has looked: until then there is nothing here to be mistaken
    for what should not be.
    """
    control = socket.socket(fileno=CONTROL)
    descriptors = array.array("i", [listener.fileno() for listener in birth.listeners])
    with_it = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, descriptors)] if descriptors else []
    control.sendmsg([birth.word], with_it)
    for listener in birth.listeners:
        listener.close()
    control.close()
    _spoken.poll()


def _die_with_zygote(birth: Birth) -> None:
    if birth.sandbox.namespaces:
        return  # the kernel sees to it: the zygote is the first process of its namespace
    linux.die_with_parent()
    if os.getppid() != birth.zygote:
        raise ProcessLookupError("the zygote has ended")


def _own_session(_birth: Birth) -> None:
    os.setsid()


def _descriptors(birth: Birth) -> None:
    """Keep the standard ones, the channel, and for a moment the launcher's socket."""
    if birth.channel != CHANNEL:
        os.dup2(birth.channel, CHANNEL, inheritable=False)
    os.closerange(CONTROL + 1, birth.descriptors)


def _signals(birth: Birth) -> None:
    """What the author's code wants of a child's end, which the zygote could not let it have."""
    if birth.child_handler is not signal.SIG_DFL:
        signal.signal(signal.SIGCHLD, birth.child_handler)


def _adopt_orphans(_birth: Birth) -> None:
    """Whatever it starts stays below it while it lives, whoever forks twice too."""
    linux.adopt_orphans()


def _namespaces(birth: Birth) -> None:
    """File systems and a network of its own, with the engine's listeners in it."""
    if not birth.sandbox.namespaces:
        return
    linux.unshare(_OWN | (linux.NEW_NETWORK if birth.network else 0))
    options = "size=%d,nr_inodes=%d,mode=0700" % (birth.size, birth.inodes)
    if birth.sandbox.users:
        options += ",uid=%d,gid=%d" % (birth.user, birth.user)
    linux.mount("tmpfs", birth.scratch, "tmpfs", linux.NO_SUID | linux.NO_DEVICES, options)
    linux.mount_proc()
    if birth.network:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
            fcntl.ioctl(any_socket, _SET_FLAGS, _UP)
    for port in birth.ports:
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        birth.listeners.append(listener)
        listener.bind(("127.0.0.1", port))
        listener.listen(_WAITING)
        listener.setblocking(False)


def _user(birth: Birth) -> None:
    if birth.sandbox.users:
        os.setresgid(birth.user, birth.user, birth.user)
        os.setresuid(birth.user, birth.user, birth.user)
        linux.own_files_in_proc()


def _rights(birth: Birth) -> None:
    """From here on it can get at nothing that it was not given."""
    sandbox = birth.sandbox
    if sandbox.namespaces:
        linux.keep_capabilities((), _HAD)
    if sandbox.landlock:
        landlock.restrict(birth.reads, (birth.scratch, *_WRITES))
    if sandbox.program:
        linux.filter_calls(sandbox.program)


def _folders(birth: Birth) -> None:
    """Its scratch folder is its home; the import may have gone anywhere."""
    os.chdir("/")
    os.environ["HOME"] = os.environ["TMPDIR"] = birth.scratch


def _memory_of_the_zygote(_birth: Birth) -> None:
    """What must not be the same in two workers; Python's own `random` sees to itself."""
    tempfile: Any = sys.modules.get("tempfile")
    if tempfile is not None:
        tempfile.tempdir = None
    numpy_random: Any = sys.modules.get("numpy.random")
    if numpy_random is not None:
        numpy_random.seed()


STEPS = (
    _die_with_zygote,
    _own_session,
    _descriptors,
    _signals,
    _adopt_orphans,
    _namespaces,
    _user,
    _folders,
    _memory_of_the_zygote,
    _rights,
)
