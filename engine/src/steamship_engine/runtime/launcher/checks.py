"""Looking at zygotes and workers from outside: what they say of themselves counts for nothing.

A zygote that fails its inspection may not be shared; a worker that fails its own is killed before it learns
whose it is. Each check gives a sentence for what is wrong.
"""

import os
import resource
import socket
from collections.abc import Callable

from steamship_engine.runtime.launcher import proc, root, views
from steamship_engine.runtime.launcher.confine import KEPT, resource_limits
from steamship_engine.runtime.launcher.lives import Worker, Zygote
from steamship_engine.runtime.launcher.sandbox import Sandbox

_NULL = os.devnull
_STANDARD = dict.fromkeys(range(3), _NULL)
CHANNEL = 3
CONTROL = 4
_OWN = frozenset(views.KINDS) - {"user", "net"}
"""The namespaces that every worker has for itself; its zygote's users it shares, and its network where it is to."""


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
    if rights.users != {zygote.users.first or os.getuid()}:
        problems.append("it runs as another user")
    return problems


def of_zygote(zygote: Zygote) -> list[str]:
    """Why the zygote's workers would share more than its memory's copy; nothing when they would not."""
    return [problem for check in _ZYGOTE_CHECKS for problem in check(zygote)]


def of_worker(worker: Worker, pid: int, sandbox: Sandbox) -> list[str]:
    """Why process `pid` cannot be the worker; nothing when it is fit for its identity."""
    checks = (*_ALWAYS, *(_IN_NAMESPACES if sandbox.namespaces else ()), *_LAST)
    try:
        return [problem for check in checks for problem in check(worker, pid, sandbox)]
    except OSError:
        return ["it has ended"]


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
    worker.inner_pid = rights.inner_pids[1] if sandbox.namespaces else pid
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
    if set(proc.children(worker.zygote.pid)) - set(worker.zygote.workers) != {pid}:
        problems.append("its zygote runs a process that is no worker")
    return problems


def _view(worker: Worker, pid: int, _sandbox: Sandbox) -> list[str]:
    """It sees what its zygote saw at first, has namespaces of its own, and alone writes where it can write."""
    view, zygotes = views.look(pid), worker.zygote.view
    problems = []
    if view.namespaces["user"] != zygotes.namespaces["user"] or view.root != zygotes.root:
        problems.append("it is in another place than its zygote")
    own = _OWN | ({"net"} if worker.network else set())
    others = [zygotes.namespaces, *(other.view.namespaces for other in worker.zygote.workers.values())]
    if any(view.namespaces[kind] == other[kind] for other in others for kind in own):
        problems.append("it has not all namespaces for itself")
    if views.place(pid, "cwd") != view.root:
        problems.append("it stands elsewhere than at its root")
    more = {mount for mount in view.mounts if mount not in zygotes.mounts}
    points = sorted(point for point, _, _ in more)
    if points != ["/proc", root.SCRATCH] or not zygotes.mounts <= view.mounts:
        problems.append("something else is mounted than its scratch folder")
    theirs = {
        mount for other in worker.zygote.workers.values() for mount in other.view.mounts - zygotes.mounts
    }
    if more & theirs:
        problems.append("another worker has its scratch folder")
    if shared := views.shared(pid, zygotes):
        problems.append(f'it shares writable memory: "{shared[0]}"')
    worker.view = view
    return problems


def _listeners(worker: Worker, _pid: int, sandbox: Sandbox) -> list[str]:
    """The sockets that it gave to the engine listen in its own network, on the ports that they should."""
    ports = sandbox.ports if worker.network else ()
    if len(worker.listeners) != len(ports):
        return ["it gave other sockets than the engine's listeners"]
    for descriptor, port in zip(worker.listeners, ports, strict=True):
        with socket.socket(fileno=os.dup(descriptor)) as listener:
            if (
                listener.family != socket.AF_INET
                or listener.type != socket.SOCK_STREAM
                or not listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
                or listener.getsockname() != ("127.0.0.1", port)
                or views.network_of(descriptor) != worker.view.namespaces["net"]
            ):
                return [f"what it gave does not listen on port {port}"]
    return []


def _own_descriptors(worker: Worker, pid: int, _sandbox: Sandbox) -> list[str]:
    problems = []
    if proc.descriptors(pid) != {**_STANDARD, CHANNEL: worker.channel}:
        problems.append("it has other descriptors than its own")
    allowed = {_NULL, worker.zygote.channel, worker.zygote.control_name}
    if not allowed.issuperset(proc.descriptors(worker.zygote.pid).values()):
        problems.append("its zygote has kept a descriptor")
    return problems


_Check = Callable[[Worker, int, Sandbox], list[str]]
_ALWAYS: tuple[_Check, ...] = (_childhood, _rights, _resources, _alone)
_IN_NAMESPACES: tuple[_Check, ...] = (_view, _listeners)
_LAST: tuple[_Check, ...] = (_own_descriptors,)
"""It gives up the launcher's socket after it has told."""
