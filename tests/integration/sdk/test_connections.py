"""Kept connections against a server on a socket of its own."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from steamship.base import connections
from steamship.base.connections import ConnectionPool
from steamship.base.transport import HttpRequest, NoReplyError

OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"
Script = Callable[[socket.socket, bytes], bool]


class Server:
    """Reads whole requests and lets `script` answer each; the connection is closed when it says False."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.requests: list[bytes] = []
        self.connections = 0
        self.closed = threading.Semaphore(0)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/greet"

    def stop(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            while request := _request(connection):
                self.requests.append(request)
                if not self.script(connection, request):
                    break
        self.closed.release()


def _request(connection: socket.socket) -> bytes:
    """One request, head and body; b"" when the client has closed."""
    data = b""
    while b"\r\n\r\n" not in data:
        try:
            more = connection.recv(65536)
        except OSError:
            return b""
        if not more:
            return b""
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    missing = int(lengths[0].partition(b":")[2]) - len(body) if lengths else 0
    while missing > 0:
        more = connection.recv(missing)
        data, missing = data + more, missing - len(more)
    return data


def _answer(connection: socket.socket, _request: bytes) -> bool:
    connection.sendall(OK)
    return True


@pytest.fixture
def serve() -> Iterator[Callable[[Script], Server]]:
    """A function that starts a server."""
    servers: list[Server] = []

    def start(script: Script) -> Server:
        servers.append(Server(script))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def pool() -> Iterator[ConnectionPool]:
    """A pool of the test's own."""
    pool = ConnectionPool()
    yield pool
    pool.close()


def _post(server: Server, *, repeatable: bool = False, timeout_s: float | None = None) -> HttpRequest:
    return HttpRequest("POST", server.url, {"X-A": "b"}, b"body", timeout_s, repeatable)


def test_a_connection_is_kept(serve: Callable[[Script], Server], pool: ConnectionPool) -> None:
    """Calls that follow one another use one connection; the request goes out as it was given."""
    server = serve(_answer)
    for _ in range(3):
        answer = pool.send(_post(server))
        assert (answer.status, answer.content_type, answer.body) == (200, "text/plain", b"ok")
    assert server.connections == 1
    assert server.requests[0].startswith(b"POST /greet HTTP/1.1\r\n")
    assert b"\r\nX-A: b\r\n" in server.requests[0]
    assert server.requests[0].endswith(b"\r\n\r\nbody")


def test_a_connection_that_was_closed_meanwhile_is_not_used(
    serve: Callable[[Script], Server], pool: ConnectionPool
) -> None:
    """A server may close what is idle: the next call gets a new connection, whatever it is."""

    def once(connection: socket.socket, request: bytes) -> bool:
        _answer(connection, request)
        return False

    server = serve(once)
    pool.send(_post(server))
    assert server.closed.acquire(timeout=10)
    assert pool.send(_post(server)).body == b"ok"
    assert len(server.requests) == 2


def test_a_connection_idle_for_long_is_not_used(
    serve: Callable[[Script], Server], pool: ConnectionPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After IDLE_S a connection is closed rather than used."""
    server = serve(_answer)
    pool.send(_post(server))
    monkeypatch.setattr(connections, "IDLE_S", 0)
    pool.send(_post(server))
    assert server.connections == 2


@pytest.mark.parametrize(("repeatable", "sent"), [(True, 3), (False, 2)])
def test_a_call_that_a_closing_connection_swallowed(
    serve: Callable[[Script], Server], pool: ConnectionPool, repeatable: bool, sent: int
) -> None:
    """A kept connection that closes on a call without a byte of answer: only what is repeatable is sent again."""
    seen: list[bytes] = []

    def swallow_the_second(connection: socket.socket, request: bytes) -> bool:
        seen.append(request)
        return len(seen) != 2 and _answer(connection, request)

    server = serve(swallow_the_second)
    pool.send(_post(server))
    if repeatable:
        assert pool.send(_post(server, repeatable=True)).body == b"ok"
    else:
        with pytest.raises(NoReplyError):
            pool.send(_post(server))
    assert len(server.requests) == sent


@pytest.mark.parametrize(
    "part",
    [
        b"",
        b"HTTP/1.1 200 OK\r\n",
        OK[:-1],
        b"SSH-2.0-OpenSSH\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok",
    ],
)
def test_a_broken_answer_is_no_answer(
    serve: Callable[[Script], Server], pool: ConnectionPool, part: bytes
) -> None:
    """What is cut off, or no HTTP, is an error; the call is not sent again, for it may have been carried out."""

    def break_off(connection: socket.socket, _request: bytes) -> bool:
        connection.sendall(part)
        return False

    server = serve(break_off)
    with pytest.raises(NoReplyError) as caught:
        pool.send(_post(server, repeatable=True))
    assert str(caught.value)
    assert not caught.value.timed_out
    assert len(server.requests) == 1


@pytest.mark.parametrize("start", [b"", OK[:-2]])
def test_a_timeout_is_for_the_whole_call(
    serve: Callable[[Script], Server], pool: ConnectionPool, start: bytes
) -> None:
    """An answer that does not come, or comes byte by byte for ever, ends at `timeout_s`."""
    stop = threading.Event()

    def drip(connection: socket.socket, _request: bytes) -> bool:
        head = start.replace(b"Content-Length: 2", b"Content-Length: 100000") if start else b""
        connection.sendall(head)
        while not stop.wait(0.02):
            if start:
                try:
                    connection.sendall(b".")
                except OSError:
                    break
        return False

    server = serve(drip)
    began = time.monotonic()
    with pytest.raises(NoReplyError) as caught:
        pool.send(_post(server, timeout_s=0.3))
    stop.set()
    assert caught.value.timed_out
    assert 0.25 < time.monotonic() - began < 5


def test_a_call_within_its_timeout_is_whole(serve: Callable[[Script], Server], pool: ConnectionPool) -> None:
    """With `timeout_s` a long body arrives whole, and the connection serves on."""
    body = bytes(range(256)) * 4096

    def long(connection: socket.socket, _request: bytes) -> bool:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        return True

    server = serve(long)
    assert pool.send(_post(server, timeout_s=30)).body == body
    assert pool.send(_post(server)).body == body
    assert server.connections == 1


@pytest.mark.parametrize("timeout_s", [None, 30])
def test_a_chunked_answer_is_put_together(
    serve: Callable[[Script], Server], pool: ConnectionPool, timeout_s: float | None
) -> None:
    """A body in chunks arrives whole, one that ends too early not at all."""

    def chunks(connection: socket.socket, request: bytes) -> bool:
        end = b"0\r\n\r\n" if b"whole" in request else b""
        connection.sendall(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n3\r\nyes\r\n" + end
        )
        return bool(end)

    server = serve(chunks)
    for _ in range(2):
        assert pool.send(HttpRequest("POST", server.url, {}, b"whole", timeout_s)).body == b"okyes"
    assert server.connections == 1
    with pytest.raises(NoReplyError):
        pool.send(HttpRequest("POST", server.url, {}, b"cut", timeout_s))


@pytest.mark.parametrize("timeout_s", [None, 30])
def test_a_body_that_is_cut_off_is_no_answer(
    serve: Callable[[Script], Server], pool: ConnectionPool, timeout_s: float | None
) -> None:
    """Fewer bytes than announced are an error, with and without a timeout."""

    def cut(connection: socket.socket, _request: bytes) -> bool:
        connection.sendall(OK[:-1])
        return False

    with pytest.raises(NoReplyError):
        pool.send(_post(serve(cut), timeout_s=timeout_s))


def test_nobody_listens(pool: ConnectionPool) -> None:
    """A refused connection says so."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(NoReplyError, match="Connection refused"):
        pool.send(HttpRequest("GET", f"http://127.0.0.1:{port}/", {}))


def test_a_connection_that_the_server_gives_up_is_not_kept(
    serve: Callable[[Script], Server], pool: ConnectionPool
) -> None:
    """`Connection: close` is heeded, and a redirect is an answer like any other."""

    def give_up(connection: socket.socket, _request: bytes) -> bool:
        connection.sendall(
            b"HTTP/1.1 302 Found\r\nLocation: http://localhost/\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
        )
        return True

    server = serve(give_up)
    for _ in range(2):
        answer = pool.send(_post(server))
        assert (answer.status, answer.headers["location"]) == (302, "http://localhost/")
    assert server.connections == 2


def test_threads_share_the_pool(serve: Callable[[Script], Server], pool: ConnectionPool) -> None:
    """Each call gets its own answer, and there are no more connections than calls at once."""

    def echo(connection: socket.socket, request: bytes) -> bool:
        body = request.partition(b"\r\n\r\n")[2]
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        return True

    server = serve(echo)

    def call(number: int) -> bool:
        body = b"%d" % number
        return pool.send(HttpRequest("POST", server.url, {}, body)).body == body

    with ThreadPoolExecutor(6) as threads:
        assert all(threads.map(call, range(300)))
    assert server.connections <= 6


def test_a_proxy_gets_the_whole_address(
    serve: Callable[[Script], Server], pool: ConnectionPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Plain HTTP through a proxy names the target in full; its credentials go to the proxy."""
    server = serve(_answer)
    monkeypatch.setenv("http_proxy", f"http://me:word@127.0.0.1:{server.port}")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert pool.send(HttpRequest("GET", "http://engine.test/a?b=c", {})).body == b"ok"
    assert server.requests[0].startswith(b"GET http://engine.test/a?b=c HTTP/1.1\r\n")
    assert b"\r\nHost: engine.test\r\n" in server.requests[0]
    assert b"\r\nProxy-Authorization: Basic bWU6d29yZA==\r\n" in server.requests[0]


def test_a_tunnel_is_asked_for_https(
    serve: Callable[[Script], Server], pool: ConnectionPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """HTTPS through a proxy asks for a tunnel; a proxy that refuses it is named as the reason."""

    def refuse(connection: socket.socket, _request: bytes) -> bool:
        connection.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
        return False

    server = serve(refuse)
    monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{server.port}")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    with pytest.raises(NoReplyError, match="403"):
        pool.send(HttpRequest("GET", "https://engine.test/", {"Authorization": "Bearer hidden"}))
    assert server.requests[0].startswith(b"CONNECT engine.test:443 HTTP/1.")
    assert b"hidden" not in server.requests[0]


def test_a_forked_process_has_a_pool_of_its_own() -> None:
    """A child never reads from a connection of its parent."""
    code = """
import os
from steamship.base.connections import shared_pool
mine = shared_pool()
assert shared_pool() is mine
if (child := os.fork()) == 0:
    os._exit(0 if shared_pool() is not mine else 1)
assert os.waitpid(child, 0)[1] == 0
assert shared_pool() is mine
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_the_shared_pool_leaves_no_socket(serve: Callable[[Script], Server]) -> None:
    """A process that ends normally has closed the connections that it kept."""
    code = """
import atexit, sys
from steamship.base.connections import shared_pool
from steamship.base.transport import HttpRequest
# What is registered first runs last.
atexit.register(lambda: print(left, [connection.sock for connection in left]))
assert shared_pool().send(HttpRequest("GET", sys.argv[1], {})).body == b"ok"
[[(_, kept)]] = shared_pool()._idle.values()
assert kept.sock is not None
left = [kept]
"""
    command = [sys.executable, "-X", "dev", "-c", code, serve(_answer).url]
    done = subprocess.run(command, check=True, timeout=60, capture_output=True, text=True)
    assert done.stdout.endswith("[None]\n")
    assert done.stderr == ""


def test_an_answer_can_be_read_as_it_comes(serve: Callable[[Script], Server], pool: ConnectionPool) -> None:
    """Chunks are given when they are there; after the last the connection takes the next call, and before it does not."""
    go = threading.Event()

    def drip(connection: socket.socket, _request: bytes) -> bool:
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n")
        assert go.wait(20)
        connection.sendall(b"3\r\ntwo\r\n0\r\n\r\n")
        return True

    server = serve(drip)
    for whole in (True, False, True):
        go.clear()
        reply = pool.open(_post(server))
        chunks = iter(reply)
        assert next(chunks) == b"one"
        go.set()
        if whole:
            assert list(chunks) == [b"two"]
        reply.close()
    assert server.connections == 2


def test_a_stream_that_is_cut_off_says_so(serve: Callable[[Script], Server], pool: ConnectionPool) -> None:
    """A body that ends without its end raises after what came of it."""

    def cut(connection: socket.socket, _request: bytes) -> bool:
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n")
        return False

    reply = pool.open(_post(serve(cut)))
    chunks = iter(reply)
    assert next(chunks) == b"one"
    with pytest.raises(NoReplyError):
        next(chunks)
    reply.close()
