"""Kept connections over the standard library's HTTP.

docs/decisions/0001-sdk-http-client.md says why it is not a library's.
"""

from __future__ import annotations

import atexit
import http.client
import os
import selectors
import socket
import ssl
import threading
import time
from functools import partial
from typing import NamedTuple
from urllib.parse import urlsplit

from steamship.base.open_reply import OpenReply, read_errors, reason, seconds_left
from steamship.base.proxies import Proxy, proxy_for
from steamship.base.transport import HttpReply, HttpRequest, NoReplyError

CONNECT_TIMEOUT_S = 10.0
# Servers drop a connection after some idle time (uvicorn: 5 s). A call must not be put on one that is
# about to go, for it could not be told whether it was carried out.
IDLE_S = 4.0
KEPT_PER_ORIGIN = 32


class _Origin(NamedTuple):
    scheme: str
    host: str
    port: int
    proxy: Proxy | None


class _Unsent(Exception):
    """A kept connection turned out to be closed before anything of an answer came."""


class ConnectionPool:
    """A transport that keeps connections for the next call. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: dict[_Origin, list[tuple[float, http.client.HTTPConnection]]] = {}
        self._tls: ssl.SSLContext | None = None

    def send(self, request: HttpRequest) -> HttpReply:
        """The answer to `request`. Raises NoReplyError."""
        with self.open(request) as reply:
            return HttpReply(reply.status, reply.headers, reply.read())

    def open(self, request: HttpRequest) -> OpenReply:
        """The answer to `request` before its body was read, to be closed. Raises NoReplyError."""
        parts = urlsplit(request.url)
        host = parts.hostname or ""
        port = parts.port or (443 if parts.scheme == "https" else 80)
        proxy = proxy_for(parts.scheme, host, port)
        origin = _Origin(parts.scheme, host, port, proxy)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        if proxy is not None and parts.scheme == "http":
            target = f"http://{parts.netloc}{target}"
        deadline = None if request.timeout_s is None else time.monotonic() + request.timeout_s
        kept = self._kept(origin)
        if kept is not None:
            try:
                return self._asked(kept, origin, target, request, deadline, kept=True)
            except _Unsent as error:
                if not request.repeatable:
                    raise NoReplyError(str(error)) from error
        return self._asked(self._connection(origin), origin, target, request, deadline, kept=False)

    def close(self) -> None:
        """Close what is idle."""
        with self._lock:
            idle, self._idle = self._idle, {}
        for connections in idle.values():
            for _, connection in connections:
                connection.close()

    def _asked(
        self,
        connection: http.client.HTTPConnection,
        origin: _Origin,
        target: str,
        request: HttpRequest,
        deadline: float | None,
        *,
        kept: bool,
    ) -> OpenReply:
        try:
            with read_errors(deadline):
                sock = _ready_socket(connection, deadline)
                try:
                    headers = {**request.headers, **_proxy_headers(origin)}
                    connection.request(request.verb, target, request.body, headers)
                    response = connection.getresponse()
                except (http.client.RemoteDisconnected, ConnectionError) as error:
                    if kept:
                        raise _Unsent(reason(error)) from error
                    raise
        except BaseException:
            connection.close()
            raise
        return OpenReply(response, sock, deadline, partial(self._ended, origin, connection))

    def _ended(self, origin: _Origin, connection: http.client.HTTPConnection, reusable: bool) -> None:
        if reusable:
            self._keep(origin, connection)
        else:
            connection.close()

    def _kept(self, origin: _Origin) -> http.client.HTTPConnection | None:
        """A connection that can still be used, if there is one."""
        while True:
            with self._lock:
                connections = self._idle.get(origin)
                if not connections:
                    return None
                since, connection = connections.pop()
            if time.monotonic() - since < IDLE_S and _is_open(connection):
                return connection
            connection.close()

    def _keep(self, origin: _Origin, connection: http.client.HTTPConnection) -> None:
        with self._lock:
            connections = self._idle.setdefault(origin, [])
            if len(connections) < KEPT_PER_ORIGIN:
                connections.append((time.monotonic(), connection))
                return
        connection.close()

    def _connection(self, origin: _Origin) -> http.client.HTTPConnection:
        """A connection that is not yet open."""
        host, port = (origin.host, origin.port) if origin.proxy is None else origin.proxy.address
        if origin.scheme == "http":
            return http.client.HTTPConnection(host, port)
        if self._tls is None:
            self._tls = ssl.create_default_context()
        connection = http.client.HTTPSConnection(host, port, context=self._tls)
        if origin.proxy is not None:
            connection.set_tunnel(origin.host, origin.port, origin.proxy.headers)
        return connection


def _proxy_headers(origin: _Origin) -> dict[str, str]:
    """What a plain proxy is told; a tunnel was told when it was made."""
    return {} if origin.proxy is None or origin.scheme == "https" else origin.proxy.headers


def _ready_socket(connection: http.client.HTTPConnection, deadline: float | None) -> socket.socket:
    left = seconds_left(deadline)
    if connection.sock is None:
        connection.timeout = CONNECT_TIMEOUT_S if left is None else min(left, CONNECT_TIMEOUT_S)
        try:
            connection.connect()
        except TimeoutError as error:
            raise OSError(f"no connection within {connection.timeout:g} s") from error
    sock: socket.socket = connection.sock
    sock.settimeout(seconds_left(deadline))
    return sock


def _is_open(connection: http.client.HTTPConnection) -> bool:
    """Whether the other side has neither closed it nor sent what nobody asked for."""
    try:
        with selectors.DefaultSelector() as selector:
            selector.register(connection.sock, selectors.EVENT_READ)
            return not selector.select(0)
    except (OSError, ValueError):
        return False


_pool: ConnectionPool | None = None


def shared_pool() -> ConnectionPool:
    """The pool of this process."""
    global _pool
    if _pool is None:
        _pool = ConnectionPool()
        atexit.register(_pool.close)
    return _pool


def _forget_pool() -> None:
    global _pool
    if _pool is not None:
        atexit.unregister(_pool.close)
    _pool = None


if hasattr(os, "register_at_fork"):
    # A connection belongs to one process: two that read from it would get each other's answers.
    os.register_at_fork(after_in_child=_forget_pool)
