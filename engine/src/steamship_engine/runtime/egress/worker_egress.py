"""What one worker reaches: its listeners, its connections, and where each may lead."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress

from steamship_engine.model.limits import EgressLimits
from steamship_engine.model.network import Network
from steamship_engine.runtime.egress import connecting, targets
from steamship_engine.runtime.egress.listening import Listening
from steamship_engine.runtime.egress.own import Own
from steamship_engine.runtime.egress.proxy import Proxy, Way
from steamship_engine.runtime.egress.refusal import RefusalError
from steamship_engine.runtime.egress.resolving import Place, Resolver
from steamship_engine.runtime.egress.seats import Seats
from steamship_engine.runtime.egress.targets import Target
from steamship_engine.runtime.egress.traffic import Traffic
from steamship_engine.runtime.egress.tunnel import Streams
from steamship_engine.runtime.port import Caller, Serve

Refused = Callable[[str, RefusalError], None]
"""Is told of a target that the rules forbid, as it was asked for."""

_BUSY = b"HTTP/1.1 503 The engine's proxy is busy\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class WorkerEgress:
    """Begins with `listen`; `close` ends all that came of it. Connections to the proxy take one of the `seats`."""

    def __init__(
        self,
        caller: Caller,
        own: Own,
        serve: Serve,
        resolver: Resolver,
        limits: EgressLimits,
        traffic: Traffic,
        refused: Refused,
        seats: Seats,
    ) -> None:
        self.traffic = traffic
        self._caller, self._own, self._serve, self._resolver = caller, own, serve, resolver
        self._limits, self._seats = limits, seats
        self._lookups = asyncio.Semaphore(limits.lookups)
        self._proxy = Proxy(self._way, limits, traffic, refused)
        self._listenings: list[Listening] = []
        self._sessions: set[asyncio.Task[None]] = set()

    def listen(self, listeners: dict[int, socket.socket]) -> None:
        """Serve the listeners, each by its port; they are closed by `close`."""
        for port, listener in listeners.items():
            accepted = self._to_engine if port in self._own.loopback else self._to_proxy
            self._listenings.append(Listening(listener, self._limits.connections, accepted))

    @property
    def sessions(self) -> tuple[asyncio.Task[None], ...]:
        """What serves connections to the proxy, to the end of each."""
        return tuple(self._sessions)

    def close(self) -> None:
        """End it all; may be asked several times."""
        for listening in self._listenings:
            listening.close()
        for session in self._sessions:
            session.cancel()

    def _to_engine(self, connection: socket.socket, ended: Callable[[], None]) -> None:
        self._serve(connection, self._caller, ended)

    def _to_proxy(self, connection: socket.socket, ended: Callable[[], None]) -> None:
        if not self._seats.take():
            with connection, suppress(OSError):
                connection.send(_BUSY)
            # The next one is accepted in a moment, when this one has been told.
            asyncio.get_running_loop().call_soon(ended)
            return
        session = asyncio.get_running_loop().create_task(self._session(connection))
        self._sessions.add(session)
        session.add_done_callback(lambda _: self._ended(session, ended))

    def _ended(self, session: asyncio.Task[None], ended: Callable[[], None]) -> None:
        self._sessions.discard(session)
        self._seats.give()
        ended()

    async def _session(self, connection: socket.socket) -> None:
        await self._proxy.serve(await connecting.streams(connection))

    async def _way(self, target: Target) -> Way:
        """See `proxy.Open`."""
        if self._own.is_plain(target.host, target.port):
            return Way(await self._engine(), counted=False)
        sealed = self._own.is_sealed(target.host, target.port)
        if not sealed:
            if self._caller.network is Network.NONE:
                raise RefusalError(
                    403,
                    "network-none",
                    f'"{target}" is refused: the package asks for no network in steamship.json.',
                )
            targets.check_port(target)
        places = await self._places(target, sealed=sealed)
        return Way(await connecting.connect(target, places, self._limits.connect), counted=not sealed)

    async def _places(self, target: Target, *, sealed: bool) -> list[Place]:
        async with self._lookups:
            return await self._resolver.places(target, own=sealed)

    async def _engine(self) -> Streams:
        """A connection to the engine itself, which knows from it who calls."""
        ours, theirs = socket.socketpair()
        theirs.setblocking(False)
        self._serve(theirs, self._caller, lambda: None)
        return await connecting.streams(ours)
