"""From the engine's order to a worker that was looked at: one birth at a time in each zygote."""

import os
import signal
import time
from collections.abc import Callable

from steamship_engine.runtime.launcher import checks, packets, proc
from steamship_engine.runtime.launcher.lives import Stage, Worker, Zygote
from steamship_engine.runtime.launcher.sandbox import USER, Sandbox

_SLOW = 0.05
_DEADLINE = 10.0
_SETTLE = 1.0
_AGAIN = 0.0005


class Births:
    """Workers on their way. `born` is told of each that passed its checks, `gone` of each that did not come."""

    def __init__(
        self, sandbox: Sandbox, born: Callable[[Worker], None], gone: Callable[[Worker], None]
    ) -> None:
        self._sandbox, self._born, self._gone = sandbox, born, gone
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
        try:
            worker.watch(pid)
        except OSError as error:
            self._fail(worker, f"it could not be watched: {error}")
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
        if zygote.birth is not None or not zygote.asked:
            return
        worker = zygote.birth = zygote.asked.popleft()
        worker.stage = Stage.SENT
        worker.deadline = time.monotonic() + _DEADLINE
        self._current.add(worker)
        worker.take_user()
        order = {
            "worker": worker.number,
            "scratch": worker.scratch,
            "size": worker.limits.scratch,
            "user": USER + worker.user,
            "ports": self._sandbox.ports if worker.network else (),
            "network": worker.network,
        }
        try:
            packets.send(zygote.control, order, (worker.descriptor,))
        except OSError:
            # It does not read, or is gone: its end is told like any other.
            zygote.kill()
        worker.drop_descriptor()

    def _look(self, worker: Worker) -> None:
        """Tell that it is born, unless something is still amiss; that may settle in a moment."""
        problems = checks.of_worker(worker, worker.pid, self._sandbox)
        if problems:
            if time.monotonic() > worker.deadline or proc.ended(worker.pid):
                self._fail(worker, ", ".join(problems))
            return
        worker.stage = Stage.BORN
        worker.zygote.workers[worker.pid] = worker
        self._over(worker)
        self._born(worker)
        if worker.unwanted:
            worker.kill()
        self._next(worker.zygote)

    def _fail(self, worker: Worker, reason: str) -> None:
        """End what came of it, so that the next one finds its zygote clean."""
        zygote = worker.zygote
        worker.said = reason
        for pid in _strangers(zygote):
            rights = proc.rights(pid)
            _kill(pid)
            if rights is not None:
                reap(zygote, rights.inner_pids[-1 if not self._sandbox.namespaces else 1])
        worker.ended()
        worker.kill()
        self._over(worker)
        self._gone(worker)
        self._next(zygote)

    def _over(self, worker: Worker) -> None:
        worker.zygote.birth = None
        self._current.discard(worker)

    def _died(self, worker: Worker) -> bool:
        strangers = _strangers(worker.zygote)
        return bool(strangers) and all(map(proc.ended, strangers))


def reap(zygote: Zygote, pid: int) -> None:
    """Have the zygote forget its child, which has ended or is about to."""
    try:
        packets.send(zygote.control, {"reap": pid})
    except OSError:
        zygote.kill()


def _strangers(zygote: Zygote) -> list[int]:
    return [pid for pid in proc.children(zygote.pid) if pid not in zygote.workers]


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
