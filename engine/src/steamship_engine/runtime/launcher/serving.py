"""The launcher at work: packets of the engine and of zygotes, ends of processes, a look at them all now and then."""

import os
import resource
import select
import socket
import time
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from steamship_engine.runtime.child import linux
from steamship_engine.runtime.launcher import checks, orphans, packets, proc, root
from steamship_engine.runtime.launcher.births import Births, reap
from steamship_engine.runtime.launcher.cgroups import Groups
from steamship_engine.runtime.launcher.lives import Life, Stage, Worker, Zygote
from steamship_engine.runtime.launcher.sampler import Sampler
from steamship_engine.runtime.launcher.sandbox import Ranges, Sandbox, limits_of
from steamship_engine.runtime.launcher.starting import NotStarted, start

_SWEEP = 0.002
_HELD = 0.5
_PAUSE = 0.25
_UNKILLABLE = 10.0
"""Seconds after which a process that was killed is one that waits for a device, for ever perhaps."""

_ZYGOTES_PACKET = 8 * 1024
_REASON = 1000


class Launcher:
    """Serves one engine, whose end of the socket it is made with."""

    def __init__(self, engine: socket.socket, sandbox: Sandbox) -> None:
        self._engine, self._sandbox = engine, sandbox
        self._groups = Groups() if sandbox.cgroups else None
        self._ranges = Ranges()
        self._epoll = select.epoll()
        self._handlers: dict[int, Callable[[], None]] = {}
        self._zygotes: dict[int, Zygote] = {}
        self._workers: dict[int, Worker] = {}
        self._pids: dict[int, Zygote] = {}
        self._births = Births(sandbox, self._group, self._born, self._worker_gone)
        self._sampler = None if self._groups else Sampler(on_disk=not sandbox.namespaces)
        self._next_look = 0.0
        self._leaving: list[tuple[Life, dict[str, Any]]] = []
        self._leaving_since = 0.0
        self._serving = True

    def serve(self) -> NoReturn:
        """Work until the engine closes its end, then end everything and this process."""
        linux.adopt_orphans()
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        self._watch(self._engine.fileno(), self._from_engine)
        while self._serving:
            for descriptor, _ in self._epoll.poll(self._pause()):
                handler = self._handlers.get(descriptor)
                if handler is not None:
                    handler()
            self._tick()
        self._end()
        os._exit(0)

    def _watch(self, descriptor: int, handler: Callable[[], None]) -> None:
        self._handlers[descriptor] = handler
        self._epoll.register(descriptor, select.EPOLLIN)

    def _forget(self, descriptor: int) -> None:
        if self._handlers.pop(descriptor, None) is not None:
            self._epoll.unregister(descriptor)

    def _pause(self) -> float:
        """Seconds until something is to be done without being asked; -1 for never."""
        pauses = [pause for pause in (self._births.pause(),) if pause is not None]
        if self._leaving:
            pauses.append(_SWEEP)
        if self._zygotes:
            pauses.append(max(self._next_look - time.monotonic(), 0))
        return min(pauses, default=-1)

    def _tick(self) -> None:
        now = time.monotonic()
        self._births.tick(now)
        look = bool(self._zygotes) and now >= self._next_look
        if look:
            self._next_look = now + self._look(now)
            if self._groups is not None:
                self._groups.sweep()
        # Whoever forks twice at an import is found here as well.
        if look or self._leaving:
            self._sweep(now)

    def _look(self, now: float) -> float:
        """End those that took more than they may; for how many seconds then nobody is looked at."""
        if self._groups is not None:
            return self._look_at_groups(self._groups)
        assert self._sampler is not None
        for life, why in self._sampler.look(now):
            life.why = life.why or why
            life.kill()
        return self._sampler.pause

    def _look_at_groups(self, groups: Groups) -> float:
        """Where the kernel killed one process of a life's, end them all: the others wait for it, perhaps for ever."""
        for life in (*self._zygotes.values(), *self._workers.values()):
            if groups.out_of_memory(life.group):
                life.why = life.why or "memory"
                life.kill()
        return _PAUSE

    def _sweep(self, now: float) -> None:
        """End what the dead have left; they are told as gone when there is nothing left, or after a while."""
        clean = orphans.sweep(self._pids, self._reaped)
        leaving, held = self._leaving, now - self._leaving_since < _HELD
        if leaving and (clean or not held):
            self._leaving = []
            for life, packet in leaving:
                life.close()
                if isinstance(life, Zygote):
                    self._ranges.give(life.users)
                if self._groups is not None:
                    self._groups.remove(life.group)
                self._tell(packet)

    def _tell(self, packet: dict[str, Any], descriptors: Sequence[int] = ()) -> None:
        try:
            packets.send(self._engine, packet, descriptors)
        except OSError:
            self._serving = False

    def _from_engine(self) -> None:
        packet = packets.receive(self._engine)
        if packet is None:
            self._serving = False
            return
        orders: dict[str, Callable[..., None]] = {
            "zygote": self._start_zygote,
            "inspect": self._inspect,
            "worker": self._start_worker,
            "kill": self._kill,
        }
        orders[packet.content["do"]](packet.content, *packet.descriptors)

    def _start_zygote(self, order: dict[str, Any], channel: int) -> None:
        try:
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        except OSError as error:
            os.close(channel)
            self._tell(
                {"is": "gone", "zygote": order["zygote"], "code": None, "why": "start", "said": str(error)}
            )
            return
        ours.setblocking(False)
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        scratch = root.SCRATCH if self._sandbox.namespaces else order["scratch"]
        zygote = Zygote(order["zygote"], scratch, limits_of(order["limits"]), control=ours)
        zygote.reads = tuple(order["reads"])
        zygote.channel, zygote.control_name = _name(channel), _name(theirs.fileno())
        try:
            zygote.users = self._ranges.take() if self._sandbox.namespaces else zygote.users
            groups = self._groups.make(zygote.group, zygote.limits) if self._groups else ()
            start(zygote, self._sandbox, {**order, "groups": groups}, channel, theirs)
        except (NotStarted, OSError) as error:
            zygote.why = "start"
            self._leave(zygote, {"is": "gone", "zygote": zygote.number, "said": str(error)})
            return
        finally:
            os.close(channel)
            theirs.close()
        self._zygotes[zygote.number] = self._pids[zygote.pid] = zygote
        self._watch(ours.fileno(), lambda: self._from_zygote(zygote))
        self._watch(zygote.pidfd, lambda: self._zygote_ended(zygote))
        self._sample(zygote)
        self._tell({"is": "started", "zygote": zygote.number, "pid": zygote.pid})

    def _inspect(self, order: dict[str, Any]) -> None:
        zygote = self._zygotes.get(order["zygote"])
        if zygote is not None:
            zygote.asked_ready = True
            try:
                packets.send(zygote.control, {"ready": True})
            except OSError:
                zygote.kill()

    def _start_worker(self, order: dict[str, Any], descriptor: int) -> None:
        zygote = self._zygotes.get(order["zygote"])
        if zygote is None:
            os.close(descriptor)
            self._tell({"is": "gone", "worker": order["worker"], "code": None, "why": None, "said": ""})
            return
        scratch = root.SCRATCH if self._sandbox.namespaces else order["scratch"]
        worker = Worker(order["worker"], scratch, limits_of(order["limits"]), zygote.users, zygote=zygote)
        worker.network = order["network"]
        worker.descriptor, worker.channel = descriptor, _name(descriptor)
        self._workers[worker.number] = worker
        self._births.ask(worker)

    def _kill(self, order: dict[str, Any]) -> None:
        if "zygote" in order:
            zygote = self._zygotes.get(order["zygote"])
            if zygote is not None:
                zygote.kill()
            return
        worker = self._workers.get(order["worker"])
        if worker is None:
            return
        if worker.stage is Stage.BORN:
            worker.kill()
        else:
            self._births.drop(worker)

    def _from_zygote(self, zygote: Zygote) -> None:
        try:
            packet = packets.receive(zygote.control, _ZYGOTES_PACKET)
            if packet is None:
                raise packets.WrongPacket("it closed its end")
            self._understand(zygote, packet)
        except packets.WrongPacket:
            # Its end is told when it has come.
            self._forget(zygote.control.fileno())
            zygote.kill()

    def _understand(self, zygote: Zygote, packet: packets.Packet) -> None:
        content = packet.content
        if packet.descriptors and "born" not in content:
            packets.close(packet.descriptors)
            raise packets.WrongPacket("it has descriptors")
        number = content.get("born", content.get("failed"))
        if type(number) is not int:
            number = -1
        if "born" in content:
            self._births.claimed(zygote, number, packet.pid, packet.descriptors)
        elif "failed" in content:
            self._births.failed(zygote, number, _readable(content.get("reason")))
        elif "ready" in content and packet.pid == zygote.pid and zygote.asked_ready:
            zygote.asked_ready = False
            status = proc.status(zygote.pid)
            self._tell(
                {
                    "is": "inspected",
                    "zygote": zygote.number,
                    "problems": checks.of_zygote(zygote),
                    "memory": 0 if status is None else status.memory,
                }
            )
            zygote.stop_listening()
        else:
            raise packets.WrongPacket("it says nothing known")

    def _born(self, worker: Worker) -> None:
        self._watch(worker.pidfd, lambda: self._worker_ended(worker))
        self._sample(worker)
        if not worker.unwanted:
            self._tell({"is": "born", "worker": worker.number, "pid": worker.pid}, worker.listeners)
        worker.drop_listeners()

    def _sample(self, life: Life) -> None:
        if self._sampler is not None:
            self._sampler.add(life)

    def _group(self, worker: Worker) -> None:
        """Put it into a control group of its own. Raises OSError."""
        if self._groups is not None:
            self._groups.make(worker.group, worker.limits)
            self._groups.enter(worker.group, worker.pid)

    def _worker_ended(self, worker: Worker) -> None:
        worker.ended()
        zygote = worker.zygote
        del zygote.workers[worker.pid]
        zygote.dying.add(worker.pid)
        self._worker_gone(worker)
        if zygote.pid in self._pids:
            reap(zygote, worker.inner_pid)
        elif not zygote.workers:
            self._zygote_gone(zygote)

    def _worker_gone(self, worker: Worker) -> None:
        worker.stage = Stage.GONE
        worker.drop_descriptor()
        worker.drop_listeners()
        del self._workers[worker.number]
        self._leave(worker, {"is": "gone", "worker": worker.number, "said": worker.said})

    def _reaped(self, pid: int, code: int) -> None:
        """A child of ours has ended: a zygote, or an orphan that may have been a worker."""
        zygote = self._pids.get(pid)
        if zygote is not None:
            zygote.code = code
            self._zygote_ended(zygote)
            return
        for worker in self._workers.values():
            if worker.pid == pid:
                worker.code = code

    def _zygote_ended(self, zygote: Zygote) -> None:
        if self._zygotes.pop(zygote.number, None) is None:
            return
        zygote.ended()
        del self._pids[zygote.pid]
        self._forget(zygote.control.fileno())
        self._births.orphaned(zygote)
        for worker in zygote.workers.values():
            worker.why = worker.why or "zygote"
            worker.kill()
        self._forget(zygote.pidfd)
        if not zygote.workers:
            self._zygote_gone(zygote)

    def _zygote_gone(self, zygote: Zygote) -> None:
        """It has ended, and its workers have before it is told."""
        self._leave(zygote, {"is": "gone", "zygote": zygote.number, "said": zygote.said()})

    def _leave(self, life: Life, packet: dict[str, Any]) -> None:
        """It has ended. Its descriptors are closed later: an event for them may be waiting."""
        self._forget(life.pidfd)
        if self._sampler is not None:
            self._sampler.remove(life)
        if self._groups is not None and life.why is None and self._groups.out_of_memory(life.group):
            life.why = "memory"
        if not self._leaving:
            self._leaving_since = time.monotonic()
        self._leaving.append((life, {**packet, "code": life.code, "why": life.why}))

    def _end(self) -> None:
        for life in (*self._workers.values(), *self._zygotes.values()):
            life.kill()
        deadline = time.monotonic() + _UNKILLABLE
        while not orphans.sweep((), lambda _pid, _code: None) and time.monotonic() < deadline:
            time.sleep(_SWEEP)
        if self._groups is not None:
            for life in (
                *self._workers.values(),
                *self._zygotes.values(),
                *(life for life, _ in self._leaving),
            ):
                self._groups.remove(life.group)
            self._groups.close()


def _readable(reason: object) -> str:
    """What a zygote says, for people's eyes: neither lines nor what no text can hold."""
    return "".join(sign if sign.isprintable() else "?" for sign in str(reason)[:_REASON])


def _name(descriptor: int) -> str:
    """The socket's name, as `/proc` has it."""
    return os.readlink(f"/proc/self/fd/{descriptor}")  # pathlib is slow
