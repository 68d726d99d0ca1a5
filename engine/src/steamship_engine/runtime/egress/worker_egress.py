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
from steamship_engine.runtime.egress.lookups import Asker
from steamship_engine.runtime.egress.own import Own
from steamship_engine.runtime.egress.proxy import Passage, Proxy
from steamship_engine.runtime.egress.refusal import REFUSED, RefusalError
from steamship_engine.runtime.egress.resolving import Resolver
from steamship_engine.runtime.egress.seats import Seats
from steamship_engine.runtime.egress.targets import Target
from steamship_engine.runtime.egress.traffic import Traffic
from steamship_engine.runtime.egress.tunnel import Streams
from steamship_engine.runtime.port import Caller, Serve

Refused = Callable[[str, RefusalError], None]
"""Is told of a target that the rules forbid, as it was asked for."""

_BUSY_SAYS = (
    b"The engine has no connection free: close those that you do not use, and try again in a second.\n"
)
_BUSY = (
    b"HTTP/1.1 503 The engine's proxy is busy\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: %d\r\n"
    b"retry-after: 1\r\n%b: busy\r\nconnection: close\r\n\r\n%b" % (len(_BUSY_SAYS), REFUSED, _BUSY_SAYS)
)


class WorkerEgress:
    """Begins with `listen`; `close` ends all that came of it.

    Connections to the proxy take one of the `seats`, those to the engine itself one of the `engine_seats`.
    """

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
        engine_seats: Seats,
    ) -> None:
        self.traffic = traffic
        self._caller, self._own, self._serve, self._resolver = caller, own, serve, resolver
        self._limits, self._seats, self._engine_seats = limits, seats, engine_seats
        self._asker = Asker(limits.lookups)
        self._proxy = Proxy(self._passage, limits, traffic, refused)
        self._listenings: list[Listening] = []
        self._sessions: set[asyncio.Task[None]] = set()
        self._unserved: set[socket.socket] = set()

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
        if not self._engine_seats.take(self):
            _turn_away(connection, ended)
            return

        def left() -> None:
            self._engine_seats.give(self)
            ended()

        self._serve(connection, self._caller, left)

    def _to_proxy(self, connection: socket.socket, ended: Callable[[], None]) -> None:
        if not self._seats.take(self):
            self.traffic.ended(failed=1)
            _turn_away(connection, ended)
            return
        self._unserved.add(connection)
        session = asyncio.get_running_loop().create_task(self._session(connection))
        self._sessions.add(session)
        session.add_done_callback(lambda _: self._ended(session, connection, ended))

    def _ended(
        self, session: asyncio.Task[None], connection: socket.socket, ended: Callable[[], None]
    ) -> None:
        if connection in self._unserved:
            # It was cancelled before its first step.
            self._unserved.discard(connection)
            connection.close()
        self._sessions.discard(session)
        self._seats.give(self)
        ended()

    async def _session(self, connection: socket.socket) -> None:
        self._unserved.discard(connection)
        await self._proxy.serve(await connecting.streams(connection))

    async def _passage(self, target: Target) -> Passage:
        """See `proxy.Open`."""
        if self._own.is_plain(target.host, target.port):
            return Passage(await self._engine(), counted=False)
        elsewhere = self._own.is_elsewhere(target.host, target.port)
        if not elsewhere:
            if self._caller.network is Network.NONE:
                raise RefusalError(
                    403,
                    "network-none",
                    f'"{target}" is refused: the package asks for no network in steamship.json.',
                )
            targets.check_port(target)
        places = await self._resolver.places(target, self._asker, own=elsewhere)
        return Passage(await connecting.connect(target, places, self._limits.connect), counted=not elsewhere)

    async def _engine(self) -> Streams:
        """A connection to the engine itself, which knows from it who calls."""
        if not self._engine_seats.take(self):
            raise RefusalError(503, "busy", _BUSY_SAYS.decode().rstrip())
        ours, theirs = socket.socketpair()
        theirs.setblocking(False)
        self._serve(theirs, self._caller, lambda: self._engine_seats.give(self))
        return await connecting.streams(ours)


def _turn_away(connection: socket.socket, ended: Callable[[], None]) -> None:
    with connection, suppress(OSError):
        connection.send(_BUSY)
    # The next one is accepted in a moment, when this one has been told.
    asyncio.get_running_loop().call_soon(ended)
