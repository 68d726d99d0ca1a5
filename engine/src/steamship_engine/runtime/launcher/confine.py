"""What happens to a zygote between the fork and the exec: everything that it must not be able to undo.

The steps are taken in the order of `STEPS`; each layer of confinement has its place among them, before the
first instruction of a tenant's.
"""

import os
import resource
from typing import NamedTuple

from steamship_engine.runtime.child import landlock, linux
from steamship_engine.runtime.launcher import namespaces, root
from steamship_engine.runtime.launcher.sandbox import Limits, Sandbox, Users

MIB = 1 << 20
_USERS_PROCESSES = 4096
KEPT = (linux.SETGID, linux.SETUID, linux.SETPCAP, linux.NET_BIND_SERVICE, linux.NET_ADMIN, linux.SYS_ADMIN)
"""What a zygote may do in its own namespaces, for its workers' sake."""

_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")


class Confinement(NamedTuple):
    """What the steps need to know.

    `launcher` is the launcher's process id; `reads` are the paths that this version needs, `place` a folder that
    is its alone, and which it writes in where it has no file system of its own; `groups` are the files that take
    it into its control groups. The last of `descriptors` is told the id of the process that comes of it, and when
    it is confined; the one before it says that it may go on.
    """

    sandbox: Sandbox
    launcher: int
    place: str
    reads: tuple[str, ...]
    network: bool
    users: Users
    limits: Limits
    groups: tuple[str, ...]
    descriptors: tuple[int, ...]

    @property
    def told(self) -> int:
        """Where the last descriptor is once they were taken."""
        return len(self.descriptors) - 1


def take_descriptors(confinement: Confinement) -> None:
    """Descriptors 0, 1, ... become the given ones; the last two of them are closed by the exec, all others now."""
    count = len(confinement.descriptors)
    # Above all targets first, so that none of them is overwritten before it was moved.
    moved = [_above(descriptor, count) for descriptor in confinement.descriptors]
    for target, descriptor in enumerate(moved):
        os.dup2(descriptor, target, inheritable=target < count - 2)
    os.closerange(count, resource.getrlimit(resource.RLIMIT_NOFILE)[0])


def confine(confinement: Confinement) -> None:
    """Take all steps, in a process that was just forked and has its descriptors. Raises OSError; the process must not go on then."""
    for step in STEPS:
        step(confinement)


def resource_limits(limits: Limits, users: Users) -> dict[int, int]:
    """The limits that the kernel itself holds, per process but for the number of processes, which it holds per user."""
    wanted = {
        # Of 0 a program that the kernel hands core dumps to knows nothing; 1 is too little for a file, and refused by it.
        resource.RLIMIT_CORE: 1,
        resource.RLIMIT_NOFILE: limits.files,
        resource.RLIMIT_FSIZE: limits.scratch,
        # It counts what is reserved, such as the stacks of threads, so it lies above what the sampler allows.
        resource.RLIMIT_DATA: limits.memory + limits.memory // 4 + 128 * MIB,
    }
    if users.first:
        wanted[resource.RLIMIT_NPROC] = limits.processes
    elif os.getuid() != 0:
        # All have one user: no share for one, but an end to a fork bomb.
        wanted[resource.RLIMIT_NPROC] = _USERS_PROCESSES
    for name, value in wanted.items():
        hard = resource.getrlimit(name)[1]
        if hard != resource.RLIM_INFINITY:
            wanted[name] = min(value, hard)
    return wanted


def _groups(confinement: Confinement) -> None:
    for file in confinement.groups:
        descriptor = os.open(file, os.O_WRONLY | os.O_CLOEXEC)
        os.write(descriptor, b"0")
        os.close(descriptor)


def _own_session(_confinement: Confinement) -> None:
    os.setsid()


def _namespaces(confinement: Confinement) -> None:
    if confinement.sandbox.namespaces:
        namespaces.enter(
            confinement.place,
            confinement.reads,
            confinement.users,
            confinement.told,
            f"size={confinement.limits.scratch},nr_inodes={confinement.limits.inodes}",
            network=confinement.network,
        )
    else:
        os.write(confinement.told, b"%d\n" % os.getpid())


def _capabilities(confinement: Confinement) -> None:
    sandbox = confinement.sandbox
    if sandbox.namespaces:
        linux.keep_capabilities(KEPT, linux.capabilities())
    elif sandbox.landlock and os.getuid() == 0:
        linux.keep_capabilities((), linux.capabilities())


def _die_with_launcher(confinement: Confinement) -> None:
    linux.die_with_parent()
    # From inside a namespace of processes nobody sees a parent outside; the closed socket tells of its end then.
    if os.getppid() not in (0, confinement.launcher):
        raise ProcessLookupError("the launcher has ended")


def _above(descriptor: int, count: int) -> int:
    import fcntl

    return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, count)


def _folder_and_mask(_confinement: Confinement) -> None:
    os.umask(0o022)
    os.chdir("/")


def _resources(confinement: Confinement) -> None:
    for name, value in resource_limits(confinement.limits, confinement.users).items():
        resource.setrlimit(name, (value, value))


def _no_new_privileges(_confinement: Confinement) -> None:
    linux.gain_nothing()


def _files(confinement: Confinement) -> None:
    """Where no root of its own hides the machine's files: whoever is restricted so can mount nothing any more.

    Where one does, it may still have the machine's network, and on that abstract sockets of the machine's. Whoever is
    kept from those cannot move files between folders any more, so nobody else is.
    """
    if confinement.sandbox.namespaces:
        if confinement.sandbox.landlock and not confinement.network:
            landlock.scope()
    elif confinement.sandbox.landlock:
        reads = root.paths_of_the_machine(confinement.reads)
        landlock.restrict(reads, (confinement.place, *_DEVICES), confinement.sandbox.ports)


def _looked_at(confinement: Confinement) -> None:
    """Wait until the launcher has seen that all of this is so."""
    os.write(confinement.told, b"confined\n")
    if not os.read(confinement.told - 1, 1):
        raise ProcessLookupError("the launcher has ended")


def _calls(confinement: Confinement) -> None:
    if confinement.sandbox.zygotes_calls:
        linux.filter_calls(confinement.sandbox.zygotes_calls)


STEPS = (
    _groups,
    _namespaces,
    _own_session,
    _capabilities,
    _die_with_launcher,
    _folder_and_mask,
    _resources,
    _no_new_privileges,
    _files,
    _calls,
    _looked_at,
)
