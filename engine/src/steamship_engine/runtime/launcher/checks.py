"""Looking at zygotes and workers from outside: what they say of themselves counts for nothing.

A zygote that fails its inspection may not be shared; a worker that fails its own is killed before it learns
whose it is. Each check gives a sentence for what is wrong. Further layers of confinement are further rows.
"""

import os
import resource
from collections.abc import Callable

from steamship_engine.runtime.launcher import proc
from steamship_engine.runtime.launcher.confine import resource_limits
from steamship_engine.runtime.launcher.lives import Worker, Zygote

_NULL = os.devnull
_STANDARD = dict.fromkeys(range(3), _NULL)
CHANNEL = 3
CONTROL = 4


def of_zygote(zygote: Zygote) -> list[str]:
    """Why the zygote's workers would share more than its memory's copy; nothing when they would not."""
    return [problem for check in _ZYGOTE_CHECKS for problem in check(zygote)]


def of_worker(worker: Worker, pid: int) -> list[str]:
    """Why process `pid` cannot be the worker; nothing when it is fit for its identity."""
    return [problem for check in _WORKER_CHECKS for problem in check(worker, pid)]


def _one_thread(zygote: Zygote) -> list[str]:
    status = proc.status(zygote.pid)
    if status is None:
        return ["it has ended"]
    return [] if status.threads == 1 else [f"it has {status.threads} threads"]


def _no_processes(zygote: Zygote) -> list[str]:
    strangers = set(proc.children(zygote.pid)) - set(zygote.workers)
    return [f"it runs {len(strangers)} other processes"] if strangers else []


def _known_descriptors(zygote: Zygote) -> list[str]:
    known = {**_STANDARD, CHANNEL: zygote.channel, CONTROL: zygote.control_name}
    return [
        f'it has descriptor {number} open on "{target}"'
        for number, target in sorted(proc.descriptors(zygote.pid).items())
        if known.get(number) != target
    ]


def _no_shared_memory(zygote: Zygote) -> list[str]:
    return [f'it shares writable memory: "{name}"' for name in dict.fromkeys(proc.shared_memory(zygote.pid))]


_ZYGOTE_CHECKS: tuple[Callable[[Zygote], list[str]], ...] = (
    _one_thread,
    _no_processes,
    _known_descriptors,
    _no_shared_memory,
)


def _childhood(worker: Worker, pid: int) -> list[str]:
    stat = proc.stat(pid)
    if stat is None or stat.ended:
        return ["it has ended"]
    problems = []
    if stat.parent != worker.zygote.pid:
        problems.append("its parent is not its zygote")
    if stat.session != pid:
        problems.append("it has no session of its own")
    return problems


def _privileges(_worker: Worker, pid: int) -> list[str]:
    status = proc.status(pid)
    if status is None:
        return ["it has ended"]
    problems = []
    if status.uids != {os.getuid()}:
        problems.append("it runs as another user")
    if not status.no_new_privileges:
        problems.append("it may gain privileges")
    if status.threads != 1:
        problems.append(f"it has {status.threads} threads")
    return problems


def _alone(worker: Worker, pid: int) -> list[str]:
    """Nobody beside it can have its channel: it has no process of its own, and its zygote none that we do not know."""
    problems = []
    if proc.children(pid):
        problems.append("it has processes of its own")
    if set(proc.children(worker.zygote.pid)) - set(worker.zygote.workers) != {pid}:
        problems.append("its zygote runs a process that is no worker")
    return problems


def _own_descriptors(worker: Worker, pid: int) -> list[str]:
    problems = []
    if proc.descriptors(pid) != {**_STANDARD, CHANNEL: worker.channel}:
        problems.append("it has other descriptors than its own")
    allowed = {_NULL, worker.zygote.channel, worker.zygote.control_name}
    if not allowed.issuperset(proc.descriptors(worker.zygote.pid).values()):
        problems.append("its zygote has kept a descriptor")
    return problems


def _resources(worker: Worker, pid: int) -> list[str]:
    return [
        f"its resource limit {name} is {hard}"
        for name, wanted in resource_limits(worker.limits).items()
        for hard in (resource.prlimit(pid, name)[1],)
        if hard == resource.RLIM_INFINITY or hard > wanted
    ]


_WORKER_CHECKS: tuple[Callable[[Worker, int], list[str]], ...] = (
    _childhood,
    _privileges,
    _resources,
    _alone,
    # Last: it gives up the launcher's socket after it has told.
    _own_descriptors,
)
