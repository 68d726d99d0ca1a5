"""Three networks in one process tree: the internet, the engine's machine, and one for each of two workers.

Run as a program: it makes them in a user namespace of its own, so whoever may make one can run it. The proxy is the engine's, on the
machine's network; the workers' clients run in theirs, and reach nothing but their listeners.
"""

from __future__ import annotations

import asyncio
import ctypes
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

import uvloop

from steamship_engine.model.limits import EgressLimits
from steamship_engine.model.network import Network
from steamship_engine.model.states import VersionKind
from steamship_engine.runtime.egress.egress import Egress
from steamship_engine.runtime.egress.own import ports_of
from steamship_engine.runtime.egress.refusal import RefusalError
from steamship_engine.runtime.egress.resolving import Resolver
from steamship_engine.runtime.port import Bases, Caller, InstanceSpec, VersionSpec
from steamship_engine.runtime.processes import WorkerProcess
from tests.services import internet_servers

BASES = Bases("http://localhost:8080/api/v1/", "http://apps.test/", "https://sealed.test/")
OWN = "93.184.215.1"
"""An address like a public one that is the machine's own."""

_NEW_USER, _NEW_NETWORK = 0x10000000, 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)
_MACHINE = ("203.0.113.1", "2001:db8::1")
_GATEWAY = ("203.0.113.2", "2001:db8::2")


def _unshare(flags: int) -> None:
    if _libc.unshare(flags):
        number = ctypes.get_errno()
        raise OSError(number, f"namespaces cannot be made: {os.strerror(number)}")


def _ip(command: str) -> None:
    subprocess.run(["ip", *command.split()], check=True)


def _become_root() -> None:
    user, group = os.getuid(), os.getgid()
    _unshare(_NEW_USER | _NEW_NETWORK)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"0 {user} 1")
    Path("/proc/self/gid_map").write_text(f"0 {group} 1")
    _ip("link set lo up")


class Branch:
    """A forked process in a network of its own that does what it is asked, one thing after the other."""

    def __init__(self, begin: Callable[[socket.socket], Callable[[Any], Any]]) -> None:
        self.socket, theirs = socket.socketpair()
        self.pid = os.fork()
        if self.pid == 0:
            self.socket.close()
            try:
                _unshare(_NEW_NETWORK)
                _ip("link set lo up")
                theirs.sendall(b"!")
                _branch(theirs, begin)
            finally:
                os._exit(0)
        theirs.close()
        assert self.socket.recv(1) == b"!"

    def ask(self, asked: Any) -> Any:
        """Blocking."""
        self.socket.sendall(json.dumps(asked).encode() + b"\n")
        return json.loads(self.socket.makefile("r").readline())


def _branch(theirs: socket.socket, begin: Callable[[socket.socket], Callable[[Any], Any]]) -> None:
    """Get ready at the first line, and answer every one."""
    answer: Callable[[Any], Any] | None = None
    for line in theirs.makefile("r"):
        if answer is None:
            answer = begin(theirs)
            told: Any = "ready"
        else:
            told = answer(json.loads(line))
        theirs.sendall(json.dumps(told).encode() + b"\n")


def _internet(certificate: Path) -> Callable[[socket.socket], Callable[[Any], Any]]:
    def begin(_: socket.socket) -> Callable[[Any], Any]:
        _ip(f"addr add {_GATEWAY[0]}/24 dev i0")
        _ip(f"addr add {_GATEWAY[1]}/64 dev i0 nodad")
        _ip("link set i0 up")
        # Every other address is here: what the rules let pass by mistake would be answered.
        _ip("route add local default dev lo table main")
        _ip("-6 route add local default dev lo table main")
        _ip(f"route add {OWN}/32 dev i0")
        internet_servers.serve(certificate)
        return lambda _: dict(internet_servers.came)

    return begin


def _worker(ports: Sequence[int]) -> Callable[[socket.socket], Callable[[Any], Any]]:
    def begin(theirs: socket.socket) -> Callable[[Any], Any]:
        listeners = []
        for port in ports:
            listener = socket.socket()
            listener.bind(("127.0.0.1", port))
            listener.listen(64)
            listeners.append(listener)
        socket.send_fds(theirs, [b"!"], [listener.fileno() for listener in listeners])
        for listener in listeners:
            listener.close()
        return _run

    return begin


def _run(asked: Any) -> Any:
    done = subprocess.run(
        asked["argv"],
        input=json.dumps(asked["requests"]),
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | asked["environment"],
    )
    return json.loads(done.stdout) if done.returncode == 0 else {"failed": done.stderr}


class _Process:
    """As much of a worker's process as the egress sees."""

    def __init__(self, number: int, listeners: dict[int, socket.socket]) -> None:
        self.number, self.listeners = number, listeners
        self.ended: list[Callable[[], object]] = []

    def on_exit(self, told: Callable[[], object]) -> None:
        self.ended.append(told)


class World:
    """The engine's side of it, and what a test may ask."""

    def __init__(self, internet: Branch, workers: dict[str, Branch]) -> None:
        self._internet, self._workers = internet, workers
        self._names: dict[str, list[list[str]]] = {}
        self._asked: list[str] = []
        self._denied: list[tuple[str, str, str, bool]] = []
        self._came: list[str] = []
        self._traffic: dict[str, Any] = {}
        resolver = Resolver(self._look, within_s=5)
        self._egress = Egress(self._serve, self._tell, EgressLimits(connect=5), resolver)

    async def start(self, listeners: dict[str, dict[int, socket.socket]]) -> None:
        """Serve the workers' listeners, and watch the machine's own ports."""
        for number, (name, own) in enumerate(listeners.items()):
            version = VersionSpec("V", "b", "e", VersionKind.NATIVE, network=Network(name))
            spec = InstanceSpec(name, "W", "w", version, {}, {}, BASES)
            process = _Process(number, own)
            self._traffic[name] = self._egress.attach(cast(WorkerProcess, process), spec)
        for host in ("0.0.0.0", "::"):
            for port in (80, 8000, 9000):
                await asyncio.start_server(self._machine, host, port)

    async def do(self, asked: dict[str, Any]) -> Any:
        """One question of a test's."""
        if asked["do"] == "names":
            self._names = asked["names"]
            return None
        if asked["do"] == "told":
            return await self._told()
        worker = self._workers[asked["worker"]]
        asked["environment"] |= ports_of(BASES).environment
        return await asyncio.to_thread(worker.ask, asked)

    async def _told(self) -> dict[str, Any]:
        stats = self._egress.stats()
        told = {
            "internet": await asyncio.to_thread(self._internet.ask, None),
            "machine": self._came,
            "asked": self._asked,
            "denied": self._denied,
            "connections": stats.connections,
            "counts": [stats.passed, stats.refused, stats.failed],
            "bytes": [stats.sent, stats.received],
            "none": [self._traffic["none"].sent, self._traffic["none"].received],
        }
        self._came, self._asked, self._denied = [], [], []
        return told

    def _look(self, host: str, port: int) -> list[Any]:
        """As the test has it; of several answers each is given once, and the last for ever."""
        # Strangers' names are asked for with their final dot.
        host = host.removesuffix(".")
        self._asked.append(host)
        answers = self._names.get(host)
        if not answers:
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        given = answers.pop(0) if len(answers) > 1 else answers[0]
        return [
            entry
            for address in given
            for entry in socket.getaddrinfo(
                address, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST
            )
        ]

    def _tell(self, spec: InstanceSpec, target: str, error: RefusalError, says: bool) -> None:
        self._denied.append((spec.instance_id, target, error.why, says))

    def _serve(self, connection: socket.socket, caller: Caller, ended: Callable[[], None]) -> None:
        """An engine of one answer: who calls, and how the request began."""

        async def answer() -> None:
            reader, writer = await (
                asyncio.open_unix_connection(sock=connection)
                if connection.family == socket.AF_UNIX
                else asyncio.open_connection(sock=connection)
            )
            head = await reader.readuntil(b"\r\n\r\n")
            body = f"engine for {caller.instance}: {head.decode()}".encode()
            writer.write(
                b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\nconnection: close\r\n\r\n%b" % (len(body), body)
            )
            writer.close()
            ended()

        self._answering = asyncio.ensure_future(answer())

    async def _machine(self, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._came.append(str(writer.get_extra_info("sockname")))
        writer.close()


async def _main(internet: Branch, workers: dict[str, Branch], listeners: dict[str, Any]) -> None:
    world = World(internet, workers)
    await world.start(listeners)
    print(json.dumps("ready"), flush=True)  # noqa: T201
    while line := await asyncio.to_thread(sys.stdin.readline):
        print(json.dumps(await world.do(json.loads(line))), flush=True)  # noqa: T201


def main() -> None:
    """Make the networks, and do what comes by stdin until it ends."""
    _become_root()
    ports = ports_of(BASES).all
    internet = Branch(_internet(Path(sys.argv[1])))
    workers = {network: Branch(_worker(ports)) for network in (Network.INTERNET, Network.NONE)}
    _ip(f"link add m0 type veth peer name i0 netns {internet.pid}")
    _ip(f"addr add {_MACHINE[0]}/24 dev m0")
    _ip(f"addr add {_MACHINE[1]}/64 dev m0 nodad")
    _ip(f"addr add {OWN}/32 dev m0")
    _ip("link set m0 up")
    assert internet.ask(None) == "ready"
    _ip(f"route add default via {_GATEWAY[0]}")
    _ip(f"-6 route add default via {_GATEWAY[1]}")
    listeners = {}
    for name, worker in workers.items():
        worker.socket.sendall(b"null\n")
        _, descriptors, _, _ = socket.recv_fds(worker.socket, 1, len(ports))
        assert json.loads(worker.socket.makefile("r").readline()) == "ready"
        listeners[name] = {
            port: socket.socket(fileno=fd) for port, fd in zip(ports, descriptors, strict=True)
        }
    uvloop.run(_main(internet, workers, listeners))


if __name__ == "__main__":
    main()
