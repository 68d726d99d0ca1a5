"""Looking at zygotes and workers from outside: what they say of themselves counts for nothing.

A zygote that fails its inspection may not be shared; a worker that fails its own is killed before it learns
whose it is. Each check gives a sentence for what is wrong.
"""

import os
import resource
from collections.abc import Callable

from steamship_engine.runtime.launcher import isolation, proc, views
from steamship_engine.runtime.launcher.confine import KEPT, resource_limits
from steamship_engine.runtime.launcher.lives import Worker, Zygote
from steamship_engine.runtime.launcher.sandbox import Sandbox

_NULL = os.devnull
_STANDARD = dict.fromkeys(range(3), _NULL)
_MAPPINGS = 10_000
"""Many times what the largest libraries have; all of them are looked at, and nobody else is born meanwhile."""

CHANNEL = 3
CONTROL = 4
_STRANGER = "its zygote runs a process that is no worker"


def of_confinement(zygote: Zygote, sandbox: Sandbox, *, network: bool) -> list[str]:
    """Why the process may not execute the author's interpreter yet."""
    rights = proc.rights(zygote.pid)
    if rights is None:
        return ["it has ended"]
    problems = []
    if not rights.no_new_privileges:
        problems.append("it may gain privileges")
    if sandbox.zygotes_calls and not rights.filters:
        problems.append("no filter of calls is loaded")
    if not sandbox.namespaces:
        return problems
    here = views.look(os.getpid())
    shared = [
        kind
        for kind in views.KINDS
        if zygote.view.namespaces[kind] == here.namespaces[kind] and (kind != "net" or network)
    ]
    if shared:
        problems.append(f"it is in the machine's namespaces: {', '.join(shared)}")
    if zygote.view.root == here.root:
        problems.append("it sees the machine's root")
    if rights.bounding & ~sum(1 << each for each in KEPT):
        problems.append("it may get capabilities that it has no use for")
    if rights.users != {_user(zygote)}:
        problems.append("it runs as another user")
    if any(mount.mirrored for mount in zygote.view.mounts):
        problems.append("what is mounted elsewhere is seen by it")
    return problems


def of_zygote(zygote: Zygote) -> list[str]:
    """Why the zygote's workers would share more than its memory's copy; nothing when they would not."""
    if proc.mappings(zygote.pid, _MAPPINGS) > _MAPPINGS:
        return [f"its memory has more than {_MAPPINGS} pieces"]
    return [problem for check in _ZYGOTE_CHECKS for problem in check(zygote)]


def settling(worker: Worker) -> list[str]:
    """What process `worker.pid` and its zygote may still be about: closing sockets, and reaping a worker that has ended."""
    zygote = worker.zygote
    if zygote.dying:
        zygote.dying.intersection_update(proc.children(zygote.pid))
    return [_STRANGER] if zygote.dying else _own_descriptors(worker, worker.pid)


def of_worker(worker: Worker, pid: int, sandbox: Sandbox) -> list[str]:
    """Why process `pid` cannot be the worker; nothing when it is fit for its identity.

    It and its zygote must be stopped: what is looked at first would not hold to the end.
    """
    checks = (*_ALWAYS, *(isolation.CHECKS if sandbox.namespaces else ()))
    try:
        problems = [problem for check in checks for problem in check(worker, pid, sandbox)]
        return [*problems, *_own_descriptors(worker, pid)]
    except OSError:
        return ["it has ended"]


def new_children(zygote: Zygote) -> list[int]:
    """The zygote's processes that are no workers."""
    return [pid for pid in proc.children(zygote.pid) if pid not in zygote.workers]


def _one_thread(zygote: Zygote) -> list[str]:
    status = proc.status(zygote.pid)
    if status is None:
        return ["it has ended"]
    return [] if status.threads == 1 else [f"it has {status.threads} threads"]


def _no_processes(zygote: Zygote) -> list[str]:
    strangers = new_children(zygote)
    return [f"it runs {len(strangers)} other processes"] if strangers else []


def _known_descriptors(zygote: Zygote) -> list[str]:
    known = {**_STANDARD, CHANNEL: zygote.channel, CONTROL: zygote.control_name}
    return [
        f'it has descriptor {number} open on "{target}"'
        for number, target in sorted(proc.descriptors(zygote.pid).items())
        if known.get(number) != target
    ]


def _no_shared_memory(zygote: Zygote) -> list[str]:
    names = dict.fromkeys(proc.shared_memory(zygote.pid))
    try:
        if zygote.files and not names and (name := views.shared(zygote.pid, zygote.files)) is not None:
            names[name] = None
    except OSError:
        return ["it has ended"]
    return [f'it shares writable memory: "{name}"' for name in names]


_ZYGOTE_CHECKS: tuple[Callable[[Zygote], list[str]], ...] = (
    _one_thread,
    _no_processes,
    _known_descriptors,
    _no_shared_memory,
)


def _childhood(worker: Worker, pid: int, _sandbox: Sandbox) -> list[str]:
    stat = proc.stat(pid)
    if stat is None or stat.ended:
        return ["it has ended"]
    problems = []
    if stat.parent != worker.zygote.pid:
        problems.append("its parent is not its zygote")
    if stat.session != pid:
        problems.append("it has no session of its own")
    if stat.threads != 1:
        problems.append(f"it has {stat.threads} threads")
    return problems


def _rights(worker: Worker, pid: int, sandbox: Sandbox) -> list[str]:
    rights = proc.rights(pid)
    if rights is None:
        return ["it has ended"]
    problems = []
    user = worker.users.first + worker.user if worker.users.first else os.getuid()
    if rights.users != {user} or (worker.users.first and rights.groups != {user}):
        problems.append("it runs as another user")
    if not rights.no_new_privileges:
        problems.append("it may gain privileges")
    if rights.filters < bool(sandbox.zygotes_calls) + bool(sandbox.workers_calls):
        problems.append("a filter of calls is missing")
    if sandbox.namespaces and (rights.capabilities or rights.bounding):
        problems.append("it has capabilities")
    worker.inner_pid = pid
    return problems


def _zygote(worker: Worker, _pid: int, _sandbox: Sandbox) -> list[str]:
    """Its zygote is the one process that it was at its inspection: another thread could have what it closed."""
    stat, rights = proc.stat(worker.zygote.pid), proc.rights(worker.zygote.pid)
    if stat is None or stat.ended or rights is None:
        return ["its zygote has ended"]
    problems = []
    if stat.threads != 1:
        problems.append(f"its zygote has {stat.threads} threads")
    if rights.users != {_user(worker.zygote)}:
        problems.append("its zygote runs as another user")
    return problems


def _resources(worker: Worker, pid: int, _sandbox: Sandbox) -> list[str]:
    return [
        f"its resource limit {name} is {hard}"
        for name, wanted in resource_limits(worker.limits, worker.users).items()
        for hard in (resource.prlimit(pid, name)[1],)
        if hard == resource.RLIM_INFINITY or hard > wanted
    ]


def _alone(worker: Worker, pid: int, _sandbox: Sandbox) -> list[str]:
    """Nobody beside it can have its channel: it has no process of its own, and its zygote none that we do not know."""
    problems = []
    if proc.children(pid):
        problems.append("it has processes of its own")
    if new_children(worker.zygote) != [pid]:
        problems.append(_STRANGER)
    return problems


def _own_descriptors(worker: Worker, pid: int) -> list[str]:
    problems = []
    if proc.descriptors(pid) != {**_STANDARD, CHANNEL: worker.channel}:
        problems.append("it has other descriptors than its own")
    allowed = {_NULL, worker.zygote.channel, worker.zygote.control_name}
    if not allowed.issuperset(proc.descriptors(worker.zygote.pid).values()):
        problems.append("its zygote has kept a descriptor")
    return problems


def _user(zygote: Zygote) -> int:
    return zygote.users.first or os.getuid()


_Check = Callable[[Worker, int, Sandbox], list[str]]
_ALWAYS: tuple[_Check, ...] = (_childhood, _rights, _zygote, _resources, _alone)
