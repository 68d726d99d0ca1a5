"""What one worker's connections may cost the engine: their number, their time, and what is held for them."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, cast

import pytest
import uvloop

from steamship_engine.model.limits import EgressLimits
from steamship_engine.model.network import Network
from steamship_engine.model.states import VersionKind
from steamship_engine.runtime.egress.egress import Egress
from steamship_engine.runtime.egress.refusal import RefusalError
from steamship_engine.runtime.egress.resolving import Resolver
from steamship_engine.runtime.port import Bases, Caller, InstanceSpec, VersionSpec
from steamship_engine.runtime.processes import WorkerProcess

CONNECT = b"CONNECT sealed.test:%d HTTP/1.1\r\nHost: x\r\n\r\n"
MIB = 1 << 20


class Process:
    """As much of a worker's process as the egress sees."""

    def __init__(self, number: int = 1) -> None:
        self.number = number
        self.listeners: dict[int, socket.socket] = {}
        self._told: list[Callable[[], object]] = []

    def listen(self) -> int:
        """A listener more; its port."""
        listener = socket.create_server(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        self.listeners[port] = listener
        return port

    def on_exit(self, told: Callable[[], object]) -> None:
        self._told.append(told)

    def end(self) -> None:
        for told in self._told:
            told()


class Side:
    """One egress, with a worker whose proxy listens here, and a server that stands for a base with TLS."""

    def __init__(self, limits: EgressLimits, server_port: int) -> None:
        self.server_port = server_port
        self.egress = Egress(self._serve, self._denied, limits, Resolver(self._look, within_s=5))
        self.served: list[Caller] = []
        self.denied: list[tuple[str, bool]] = []
        self.engine_ends: list[Callable[[], None]] = []
        self.engine_base = 0
        self.writers: list[asyncio.StreamWriter] = []

    async def connect(self, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A client's connection, which ends with the test."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        self.writers.append(writer)
        return reader, writer

    def worker(self, number: int = 1) -> tuple[Process, int]:
        """A worker, and the port of its proxy."""
        process = Process(number)
        port = process.listen()
        self.attach(process)
        return process, port

    def attach(self, process: Process) -> Any:
        base = f"http://localhost:{self.engine_base}/" if self.engine_base else "http://engine.test/"
        bases = Bases(base + "api/v1/", base, f"https://sealed.test:{self.server_port}/")
        version = VersionSpec("V", "b", "e", VersionKind.NATIVE, network=Network.INTERNET)
        spec = InstanceSpec("I", "W", "w", version, {}, {}, bases)
        return self.egress.attach(cast(WorkerProcess, process), spec)

    def _look(self, host: str, port: int) -> list[Any]:
        return socket.getaddrinfo("127.0.0.1", port, type=socket.SOCK_STREAM)

    def _serve(self, connection: socket.socket, caller: Caller, ended: Callable[[], None]) -> None:
        self.served.append(caller)
        self.engine_ends.append(ended)
        connection.close()

    def _denied(self, _spec: InstanceSpec, target: str, _error: RefusalError, says: bool) -> None:
        self.denied.append((target, says))


@asynccontextmanager
async def _side(
    limits: EgressLimits, serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
) -> AsyncIterator[Side]:
    async def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        await serve(reader, writer)

    writers: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(accepted, "127.0.0.1", 0)
    side = Side(limits, server.sockets[0].getsockname()[1])
    try:
        yield side
    finally:
        await side.egress.close()
        server.close()
        for writer in (*writers, *side.writers):
            writer.transport.abort()
        await asyncio.sleep(0)


async def _silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()
    writer.close()


async def _tunnel(side: Side, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await side.connect(port)
    writer.write(CONNECT % side.server_port)
    assert (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)).startswith(b"HTTP/1.1 200 ")
    return reader, writer


async def _until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not true():
            await asyncio.sleep(0.001)


def test_what_nothing_moves_through_ends() -> None:
    """A tunnel that is idle for the limit's time is cut at both ends."""

    async def test() -> None:
        gone = asyncio.Event()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with suppress(ConnectionError):
                await reader.read()
            gone.set()
            writer.close()

        async with _side(EgressLimits(idle=0.05), serve) as side:
            reader, writer = await _tunnel(side, side.worker()[1])
            with pytest.raises(ConnectionError):
                if await asyncio.wait_for(reader.read(), 10) == b"":
                    raise ConnectionResetError
            await asyncio.wait_for(gone.wait(), 10)
            writer.close()

    uvloop.run(test())


def test_a_head_that_does_not_come_ends() -> None:
    """A client that says nothing, or half of it, does not hold a connection."""

    async def test() -> None:
        async with _side(EgressLimits(head=0.05), _silent) as side:
            _, port = side.worker()
            for beginning in (b"", b"GET http://site.test/ HTTP/1.1\r\nX-"):
                reader, writer = await side.connect(port)
                writer.write(beginning)
                with pytest.raises(ConnectionError):
                    if await asyncio.wait_for(reader.read(), 10) == b"":
                        raise ConnectionResetError
                writer.close()

    uvloop.run(test())


def test_a_worker_has_so_many_connections() -> None:
    """One more waits to be accepted until another one has ended; other workers have their own."""

    async def test() -> None:
        async with _side(EgressLimits(connections=2), _silent) as side:
            _, port = side.worker(1)
            first = await _tunnel(side, port)
            await _tunnel(side, port)
            reader, writer = await side.connect(port)
            writer.write(CONNECT % side.server_port)
            await _tunnel(side, side.worker(2)[1])
            assert side.egress.stats().connections == 3
            waits = asyncio.ensure_future(reader.readuntil(b"\r\n\r\n"))
            await asyncio.sleep(0)
            assert not waits.done()
            first[1].close()
            assert (await asyncio.wait_for(waits, 10)).startswith(b"HTTP/1.1 200 ")

    uvloop.run(test())


def test_all_workers_together_have_so_many() -> None:
    """Above that a client is told so, and may try again."""

    async def test() -> None:
        async with _side(EgressLimits(all=1), _silent) as side:
            _, port = side.worker()
            _, writer = await _tunnel(side, port)
            reader, _ = await side.connect(port)
            head, _, body = (await asyncio.wait_for(reader.read(), 10)).partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 503 ")
            assert b"\r\nx-steamship-refused: busy\r\n" in head
            assert b"\r\nretry-after: 1\r\n" in head
            assert b"content-length: %d\r\n" % len(body) in head
            assert b"try again in a second" in body
            assert side.egress.stats().failed == 1
            writer.close()
            await _until(lambda: side.egress.stats().connections == 0)
            await _tunnel(side, port)

    uvloop.run(test())


@pytest.mark.parametrize("upload", [False, True])
def test_a_slow_end_holds_up_the_other_one(upload: bool) -> None:
    """Nothing is gathered for an end that does not read: the other one is read no further."""

    async def test() -> None:
        sent = 0
        stuck = asyncio.Event()

        async def flood(writer: asyncio.StreamWriter) -> None:
            nonlocal sent
            connection: socket.socket = writer.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 64 * 1024)
            writer.transport.set_write_buffer_limits(high=0)
            while sent < 64 * MIB:
                writer.write(b"x" * 65_536)
                sent += 65_536
                await writer.drain()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if upload:
                await stuck.wait()
            else:
                await flood(writer)

        async with _side(EgressLimits(), serve) as side:
            _, port = side.worker()
            _, writer = await _tunnel(side, port)
            flooding = asyncio.ensure_future(flood(writer)) if upload else None
            # Kernels hold some megabytes by themselves; then nothing moves any more.
            last, calm = -1, 0
            while calm < 50:
                await asyncio.sleep(0.002)
                last, calm = (sent, calm + 1) if sent == last else (sent, 0)
            assert 0 < sent < 16 * MIB
            stuck.set()
            if flooding is not None:
                flooding.cancel()
            writer.transport.abort()

    uvloop.run(test())


def test_all_ends_with_the_worker() -> None:
    """Its listeners are closed, and its connections cut, whatever the other end does."""

    async def test() -> None:
        async with _side(EgressLimits(), _silent) as side:
            process, port = side.worker()
            reader, _ = await _tunnel(side, port)
            process.end()
            with suppress(ConnectionResetError):
                assert await asyncio.wait_for(reader.read(), 10) == b""
            with pytest.raises(ConnectionRefusedError):
                await side.connect(port)
            await _until(lambda: side.egress.stats().connections == 0)

    uvloop.run(test())


def test_connections_to_the_engine_are_bounded_and_told_whose_they_are() -> None:
    """On a base's port the engine gets each connection with its worker; as many at once as to the proxy."""

    async def test() -> None:
        async with _side(EgressLimits(connections=2), _silent) as side:
            process = Process(5)
            side.engine_base = process.listen()
            side.attach(process)
            for _ in range(3):
                await side.connect(side.engine_base)
            await _until(lambda: len(side.served) == 2)
            side.engine_ends[0]()
            await _until(lambda: len(side.served) == 3)
            assert set(side.served) == {Caller("I", 5, "W", Network.INTERNET)}

    uvloop.run(test())


def test_all_workers_together_have_so_many_connections_to_the_engine() -> None:
    """Those have seats of their own, on a base's port and through the proxy; each is free again at its end."""

    async def test() -> None:
        async with _side(EgressLimits(all=2), _silent) as side:
            processes = [Process(number) for number in (1, 2)]
            ports = [process.listen() for process in processes]
            for process, side.engine_base in zip(processes, ports, strict=True):
                side.attach(process)
                await side.connect(side.engine_base)
            await _until(lambda: len(side.served) == 2)
            _, proxy = side.worker(3)
            for port, asked in (
                (ports[0], b""),
                (proxy, b"GET http://localhost:%d/ HTTP/1.1\r\nHost: x\r\n\r\n" % ports[1]),
            ):
                reader, writer = await side.connect(port)
                writer.write(asked)
                assert b" busy\r\n" in await asyncio.wait_for(reader.read(), 10)
            assert len(side.served) == 2
            side.engine_ends[0]()
            await side.connect(ports[0])
            await _until(lambda: len(side.served) == 3)

    uvloop.run(test())


def test_a_connection_that_is_cut_before_it_is_served_is_closed() -> None:
    """A worker may end in the very moment in which its connection was accepted."""

    async def test() -> None:
        async with _side(EgressLimits(), _silent) as side:
            process, _ = side.worker()
            (worker,) = side.egress._workers
            ours, theirs = socket.socketpair()
            ended = asyncio.Event()
            worker._to_proxy(theirs, ended.set)
            process.end()
            await asyncio.wait_for(ended.wait(), 10)
            assert theirs.fileno() == -1
            assert ours.recv(1) == b""
            ours.close()
            assert side.egress.stats().connections == 0

    uvloop.run(test())


def test_nobodys_listeners_are_shut() -> None:
    """Whoever is imported for nobody is refused at once, instead of waiting for an answer."""

    async def test() -> None:
        async with _side(EgressLimits(), _silent) as side:
            process = Process()
            port = process.listen()
            side.egress.shut(cast(WorkerProcess, process))
            assert process.listeners == {}
            with pytest.raises(ConnectionRefusedError):
                await side.connect(port)

    uvloop.run(test())


def test_a_flood_of_refusals_says_little() -> None:
    """Each is told, for the audit trail; of those within a second one is worth a line in the package's log."""

    async def test() -> None:
        async with _side(EgressLimits(say=600), _silent) as side:
            _, port = side.worker()
            for _ in range(5):
                reader, writer = await side.connect(port)
                writer.write(b"CONNECT 10.0.0.1:443 HTTP/1.1\r\nHost: x\r\n\r\n")
                assert (await asyncio.wait_for(reader.read(), 10)).startswith(b"HTTP/1.1 403 ")
                writer.close()
            assert [says for _, says in side.denied] == [True, False, False, False, False]
            assert side.egress.stats().refused == 5

    uvloop.run(test())


def test_names_that_nobody_answers_for_hold_up_one_worker_alone() -> None:
    """A worker resolves so many names at once; others do not wait for them."""

    async def test() -> None:
        async with _side(EgressLimits(lookups=1), _silent) as side:
            hold = asyncio.Event()
            loop = asyncio.get_running_loop()

            def look(host: str, port: int) -> list[Any]:
                if host == "slow.test.":
                    asyncio.run_coroutine_threadsafe(hold.wait(), loop).result()
                return socket.getaddrinfo("10.0.0.1", port, type=socket.SOCK_STREAM)

            side.egress._resolver._look = look
            asked = []
            for number, host in ((1, b"slow"), (1, b"quick"), (2, b"quick")):
                _, port = side.worker(number) if number == 2 or not asked else (None, asked[0][2])
                reader, writer = await side.connect(port)
                writer.write(b"CONNECT %b.test:443 HTTP/1.1\r\nHost: x\r\n\r\n" % host)
                asked.append((asyncio.ensure_future(reader.read()), writer, port))
            assert (await asyncio.wait_for(asked[2][0], 10)).startswith(b"HTTP/1.1 403 ")
            assert not asked[0][0].done() and not asked[1][0].done()
            hold.set()
            for answer, _, _ in asked:
                assert (await asyncio.wait_for(answer, 10)).startswith(b"HTTP/1.1 403 ")

    uvloop.run(test())
