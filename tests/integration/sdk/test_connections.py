"""Kept connections against a server on a socket of its own."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from steamship.base import connections
from steamship.base.connections import ConnectionPool
from steamship.base.transport import HttpRequest, NoReplyError
from tests.services.scripted_server import Script, Server, answer_well, post


def test_a_connection_is_kept(serve: Callable[[Script], Server], pool: ConnectionPool) -> None:
    """Calls that follow one another use one connection; the request goes out as it was given."""
    server = serve(answer_well)
    for _ in range(3):
        answer = pool.send(post(server))
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
        answer_well(connection, request)
        return False

    server = serve(once)
    pool.send(post(server))
    assert server.closed.acquire(timeout=10)
    assert pool.send(post(server)).body == b"ok"
    assert len(server.requests) == 2


def test_a_connection_idle_for_long_is_not_used(
    serve: Callable[[Script], Server], pool: ConnectionPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After IDLE_S a connection is closed rather than used."""
    server = serve(answer_well)
    pool.send(post(server))
    monkeypatch.setattr(connections, "IDLE_S", 0)
    pool.send(post(server))
    assert server.connections == 2


@pytest.mark.parametrize(("repeatable", "sent"), [(True, 3), (False, 2)])
def test_a_call_that_a_closing_connection_swallowed(
    serve: Callable[[Script], Server], pool: ConnectionPool, repeatable: bool, sent: int
) -> None:
    """A kept connection that closes on a call without a byte of answer: only what is repeatable is sent again."""
    seen: list[bytes] = []

    def swallow_the_second(connection: socket.socket, request: bytes) -> bool:
        seen.append(request)
        return len(seen) != 2 and answer_well(connection, request)

    server = serve(swallow_the_second)
    pool.send(post(server))
    if repeatable:
        assert pool.send(post(server, repeatable=True)).body == b"ok"
    else:
        with pytest.raises(NoReplyError):
            pool.send(post(server))
    assert len(server.requests) == sent


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
        answer = pool.send(post(server))
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
    server = serve(answer_well)
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
    command = [sys.executable, "-X", "dev", "-c", code, serve(answer_well).url]
    done = subprocess.run(command, check=True, timeout=60, capture_output=True, text=True)
    assert done.stdout.endswith("[None]\n")
    assert done.stderr == ""
