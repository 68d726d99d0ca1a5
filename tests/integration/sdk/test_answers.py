"""Answers on kept connections: whole, in parts, too late, broken off."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable

import pytest

from steamship.base.connections import ConnectionPool
from steamship.base.transport import HttpRequest, NoReplyError
from tests.services.scripted_server import OK, Script, Server, post


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
        pool.send(post(server, repeatable=True))
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
        pool.send(post(server, timeout_s=0.3))
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
    assert pool.send(post(server, timeout_s=30)).body == body
    assert pool.send(post(server)).body == body
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
        pool.send(post(serve(cut), timeout_s=timeout_s))


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
        reply = pool.open(post(server))
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

    reply = pool.open(post(serve(cut)))
    chunks = iter(reply)
    assert next(chunks) == b"one"
    with pytest.raises(NoReplyError):
        next(chunks)
    reply.close()
