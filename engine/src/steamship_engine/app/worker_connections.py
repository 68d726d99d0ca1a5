"""Connections to the engine that were made within a worker's own network: served as any other, for that worker alone."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable, Iterable
from typing import Any

import uvicorn

from steamship_engine.app.protocol import EngineProtocol
from steamship_engine.control import identity
from steamship_engine.control.ground import Ground
from steamship_engine.gateway import rights
from steamship_engine.gateway.plain import Plain
from steamship_engine.gateway.warm import WarmCall
from steamship_engine.model.errors import ForbiddenError, SteamshipError
from steamship_engine.runtime.port import Caller

DOORS = ("api", "gateway", "health")
"""The doors that are open to workers: pages are for people, and metrics for the operator."""

_log = logging.getLogger(__name__)


class WorkerConnections:
    """`runtime.port.Serve`, on the server that is given to `attach`; before that nobody is served."""

    def __init__(self) -> None:
        self._server: uvicorn.Server | None = None
        self._opening: set[asyncio.Task[Any]] = set()

    def attach(self, server: uvicorn.Server) -> None:
        """Connections are the server's from now on: it counts them, and ends them when it stops."""
        self._server = server

    def __call__(self, connection: socket.socket, caller: Caller, ended: Callable[[], None]) -> None:
        """Serve one connection; `ended` is called when it has ended."""
        server = self._server
        if server is None or server.should_exit:
            connection.close()
            asyncio.get_running_loop().call_soon(ended)
            return

        def protocol() -> WorkerProtocol:
            return WorkerProtocol(
                caller, ended, config=server.config, server_state=server.server_state, app_state={}
            )

        opening = asyncio.ensure_future(_open(protocol, connection, ended))
        self._opening.add(opening)
        opening.add_done_callback(self._opening.discard)


class WorkerProtocol(EngineProtocol):
    """The server's protocol, where the client is known before it has said anything."""

    def __init__(self, caller: Caller, ended: Callable[[], None], **server: Any) -> None:
        super().__init__(**server)
        self._caller, self._ended_all = caller, ended
        self._may: Callable[[Caller, bytes], bool] = self.app.may_call

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's
        """Asyncio's: from now on the scope's client is the worker."""
        super().connection_made(transport)
        client: Any = self._caller
        self.client = client

    def connection_lost(self, exc: Exception | None) -> None:
        """Asyncio's: the worker has left."""
        # uvicorn may print it as what it is elsewhere, a host and a port.
        self.client = None
        super().connection_lost(exc)
        self._ended_all()

    def _recall(self, head: Plain) -> WarmCall | None:
        """As for others, where the request has no key but the worker's own; the front refuses what has."""
        if not self._may(self._caller, head.authorization):
            return None
        call = super()._recall(head)
        if call is None or not rights.is_near(self._caller, call.decision.target):
            return None
        return call


def check(ground: Ground, caller: Caller, door: str, headers: Iterable[tuple[bytes, bytes]]) -> None:
    """Whether a worker's request may go to the door: raises ForbiddenError, AuthenticationError."""
    if door not in DOORS:
        raise ForbiddenError(
            "Packages reach the API and packages' addresses, and nothing else of the engine.",
            suggestion="Ask for this from outside.",
        )
    for name, value in headers:
        if name == b"authorization":
            identity.require_of_worker(ground, caller.instance, value)


def may_call(ground: Ground, caller: Caller, authorization: bytes) -> bool:
    """Whether a request with that header, empty for none, may be a worker's."""
    try:
        identity.require_of_worker(ground, caller.instance, authorization)
    except SteamshipError:
        return False
    return True


async def _open(
    protocol: Callable[[], WorkerProtocol], connection: socket.socket, ended: Callable[[], None]
) -> None:
    try:
        await asyncio.get_running_loop().connect_accepted_socket(protocol, connection)
    except OSError as error:
        _log.info("A worker's connection could not be served: %s", error)
        connection.close()
        ended()
