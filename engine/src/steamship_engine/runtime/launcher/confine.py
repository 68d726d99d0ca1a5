"""What happens to a zygote between the fork and the exec: everything that it must not be able to undo.

The steps are taken in the order of `STEPS`; each layer of confinement has its place among them, before the
first instruction of a tenant's.
"""

import os
import resource
from typing import NamedTuple

from steamship_engine.runtime.launcher import prctl

MIB = 1 << 20
_USERS_PROCESSES = 4096


class Limits(NamedTuple):
    """What a zygote and each of its workers may take. Sizes are bytes."""

    memory: int
    processes: int
    files: int
    scratch: int


class Confinement(NamedTuple):
    """What the steps need to know. `launcher` is the launcher's process id."""

    launcher: int
    scratch: str
    limits: Limits
    descriptors: tuple[int, ...]


def confine(confinement: Confinement) -> None:
    """Take all steps, in a process that was just forked. Raises OSError; the process must not go on then."""
    for step in STEPS:
        step(confinement)


def resource_limits(limits: Limits) -> dict[int, int]:
    """The limits that the kernel itself holds, per process."""
    wanted = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: limits.files,
        resource.RLIMIT_FSIZE: limits.scratch,
        # It counts what is reserved, such as the stacks of threads, so it lies above what the sampler allows.
        resource.RLIMIT_DATA: limits.memory + limits.memory // 4 + 128 * MIB,
    }
    if os.getuid() != 0:
        # It counts all processes of the user: no share for one, but an end to a fork bomb.
        wanted[resource.RLIMIT_NPROC] = _USERS_PROCESSES
    for name, value in wanted.items():
        hard = resource.getrlimit(name)[1]
        if hard != resource.RLIM_INFINITY:
            wanted[name] = min(value, hard)
    return wanted


def _own_session(_confinement: Confinement) -> None:
    os.setsid()


def _die_with_launcher(confinement: Confinement) -> None:
    prctl.die_with_parent()
    if os.getppid() != confinement.launcher:
        raise ProcessLookupError("the launcher has ended")


def _descriptors(confinement: Confinement) -> None:
    """Descriptors 0, 1, ... become the given ones; the last of them is closed by the exec, all others now."""
    count = len(confinement.descriptors)
    # Above all targets first, so that none of them is overwritten before it was moved.
    moved = [_above(descriptor, count) for descriptor in confinement.descriptors]
    for target, descriptor in enumerate(moved):
        os.dup2(descriptor, target, inheritable=target < count - 1)
    os.closerange(count, resource.getrlimit(resource.RLIMIT_NOFILE)[0])


def _above(descriptor: int, count: int) -> int:
    import fcntl

    return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, count)


def _folder_and_mask(confinement: Confinement) -> None:
    os.umask(0o022)
    os.chdir(confinement.scratch)


def _resources(confinement: Confinement) -> None:
    for name, value in resource_limits(confinement.limits).items():
        resource.setrlimit(name, (value, value))


def _no_new_privileges(_confinement: Confinement) -> None:
    prctl.gain_nothing()


STEPS = (
    _own_session,
    _die_with_launcher,
    _descriptors,
    _folder_and_mask,
    _resources,
    _no_new_privileges,
)
