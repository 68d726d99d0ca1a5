"""From the engine's order to a worker that was looked at: one birth at a time in each zygote."""

import os
import signal
import time
from collections.abc import Callable

from steamship_engine.runtime.launcher import checks, packets, proc, root
from steamship_engine.runtime.launcher.lives import Stage, Worker, Zygote
from steamship_engine.runtime.launcher.sandbox import USER, Sandbox

_SLOW = 0.05
_DEADLINE = 10.0
_SETTLE = 1.0
_AGAIN = 0.0005
_LOOKS = 40
"""How often one looks at once whether two processes keep still, which is a matter of microseconds where a processor is free."""


class Births:
    """Workers on their way.

    `group` puts each into its control group before it is looked at, so that whatever it starts is in there as well;
    it may raise OSError. `born` is told of each that passed its checks, `gone` of each that did not come.
    """

    def __init__(
        self,
        sandbox: Sandbox,
        group: Callable[[Worker], None],
        born: Callable[[Worker], None],
        gone: Callable[[Worker], None],
    ) -> None:
        self._sandbox, self._group, self._born, self._gone = sandbox, group, born, gone
        self._current: set[Worker] = set()

    def ask(self, worker: Worker) -> None:
        """Have it born when it is its turn."""
        worker.zygote.asked.append(worker)
        self._next(worker.zygote)

    def drop(self, worker: Worker) -> None:
        """Nobody wants it any more."""
        if worker.stage is Stage.ASKED:
            worker.zygote.asked.remove(worker)
            self._gone(worker)
        else:
            worker.unwanted = True

    def claimed(self, zygote: Zygote, number: int, pid: int, listeners: tuple[int, ...]) -> None:
        """Process `pid` says that it is the worker of that number, and gives the sockets that it listens on.

        Raises WrongPacket for one that nobody asked for.
        """
        worker = zygote.birth
        if worker is None or worker.number != number or worker.pid:
            packets.close(listeners)
            raise packets.WrongPacket(f"no worker {number} is to be born")
        worker.listeners = listeners
        # A zygote may name any process that it sees.
        if pid not in checks.new_children(zygote):
            self._fail(worker, "a process that is no new child of its zygote says that it is the worker")
            return
        try:
            worker.watch(pid)
            self._group(worker)
        except OSError as error:
            self._fail(worker, f"it could not be watched, or have a control group: {error}")
            return
        worker.deadline = time.monotonic() + _SETTLE
        self._look(worker)

    def failed(self, zygote: Zygote, number: int, reason: str) -> None:
        """The zygote, or the process that was to be the worker, says why there is none. Raises WrongPacket."""
        worker = zygote.birth
        if worker is None or worker.number != number:
            raise packets.WrongPacket(f"no worker {number} is to be born")
        self._fail(worker, reason)

    def orphaned(self, zygote: Zygote) -> None:
        """The zygote has ended: nobody is born there any more."""
        waiting, zygote.asked = [*zygote.asked], type(zygote.asked)()
        if zygote.birth is not None:
            waiting.append(zygote.birth)
            self._current.discard(zygote.birth)
            zygote.birth.kill()
            zygote.birth = None
        for worker in waiting:
            self._gone(worker)

    def pause(self) -> float | None:
        """For how many seconds nothing is to be done here; None when nobody is on the way."""
        if not self._current:
            return None
        return _AGAIN if any(worker.pid for worker in self._current) else _SLOW

    def tick(self, now: float) -> None:
        """Look again at those that were not ready, and give up those that do not come."""
        for worker in list(self._current):
            if worker.pid:
                self._look(worker)
            elif now > worker.deadline:
                self._fail(worker, f"it was not born within {_DEADLINE:g} seconds")
            elif now > worker.deadline - _DEADLINE + _SLOW and self._died(worker):
                self._fail(worker, "it ended before it was born")

    def _next(self, zygote: Zygote) -> None:
        while zygote.birth is None and zygote.asked:
            worker = zygote.asked.popleft()
            if worker.take_user():
                self._send(worker)
            else:
                worker.said = "its zygote has as many workers as it has users"
                self._gone(worker)

    def _send(self, worker: Worker) -> None:
        """Have its zygote fork it."""
        zygote = worker.zygote
        zygote.birth = worker
        worker.stage = Stage.SENT
        worker.deadline = time.monotonic() + _DEADLINE
        self._current.add(worker)
        order = {
            "worker": worker.number,
            "scratch": worker.scratch,
            "size": worker.limits.scratch,
            "inodes": worker.limits.inodes,
            "user": USER + worker.user,
            "ports": self._sandbox.ports if worker.network else (),
            "network": worker.network,
            # A root has nothing else; without one the scratch folders of others lie beside its own.
            "reads": ("/",) if self._sandbox.namespaces else root.paths_of_the_machine(worker.zygote.reads),
        }
        try:
            packets.send(zygote.control, order, (worker.descriptor,))
        except OSError:
            # It does not read, or is gone: its end is told like any other.
            zygote.kill()
        worker.drop_descriptor()

    def _look(self, worker: Worker) -> None:
        """Tell that it is born, or is not to be; later where it and its zygote still have something to do."""
        waits_for = checks.settling(worker)
        if waits_for:
            self._go_on(worker)
        elif not self._still(worker):
            waits_for = ["it or its zygote does not keep still"]
        if waits_for:
            if time.monotonic() > worker.deadline or proc.ended(worker.pid):
                self._fail(worker, ", ".join(waits_for))
            return
        problems = checks.of_worker(worker, worker.pid, self._sandbox)
        if problems:
            self._fail(worker, ", ".join(problems))
            return
        self._go_on(worker)
        worker.stage = Stage.BORN
        worker.zygote.workers[worker.pid] = worker
        self._over(worker)
        self._born(worker)
        if worker.unwanted:
            worker.kill()
        self._next(worker.zygote)

    def _still(self, worker: Worker) -> bool:
        """Whether it and its zygote have stopped, which they are told once."""
        both = (worker, worker.zygote)
        if not worker.halted:
            worker.halted = True
            for life in both:
                life.halt()
        for _ in range(_LOOKS):
            if all(stat is not None and stat.stopped for stat in (proc.stat(life.pid) for life in both)):
                return True
            os.sched_yield()
        return False

    def _go_on(self, worker: Worker) -> None:
        """Let both go on that were stopped to be looked at."""
        if worker.halted:
            worker.halted = False
            worker.go_on()
            worker.zygote.go_on()

    def _fail(self, worker: Worker, reason: str) -> None:
        """End what came of it, so that the next one finds its zygote clean."""
        zygote = worker.zygote
        worker.said = reason
        for pid in checks.new_children(zygote):
            rights = proc.rights(pid)
            _kill(pid)
            inner = rights.inner_pids[1:2] if rights and self._sandbox.namespaces else (pid,)
            for each in inner:
                reap(zygote, each)
        zygote.go_on()
        worker.ended()
        worker.kill()
        self._over(worker)
        self._gone(worker)
        self._next(zygote)

    def _over(self, worker: Worker) -> None:
        worker.zygote.birth = None
        self._current.discard(worker)

    def _died(self, worker: Worker) -> bool:
        strangers = checks.new_children(worker.zygote)
        return bool(strangers) and all(map(proc.ended, strangers))


def reap(zygote: Zygote, pid: int) -> None:
    """Have the zygote forget its child, which has ended or is about to."""
    try:
        packets.send(zygote.control, {"reap": pid})
    except OSError:
        zygote.kill()


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
