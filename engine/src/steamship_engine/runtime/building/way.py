"""What a build reaches: the package index, and of the internet as much as packages may."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from steamship_engine.model.limits import EGRESS, EgressLimits
from steamship_engine.model.network import Network
from steamship_engine.runtime.building.index import Index
from steamship_engine.runtime.egress.own import Own
from steamship_engine.runtime.egress.refusal import RefusalError
from steamship_engine.runtime.egress.resolving import Resolver
from steamship_engine.runtime.egress.seats import Seats
from steamship_engine.runtime.egress.traffic import Traffic
from steamship_engine.runtime.egress.worker_egress import WorkerEgress
from steamship_engine.runtime.port import Caller
from steamship_engine.runtime.processes import WorkerProcess

_TOLD = 5
_NOBODY: frozenset[tuple[str, int]] = frozenset()
Denied = Callable[[str, RefusalError], None]
"""Is told of each target that the rules forbid, as it was asked for."""


class Way:
    """The proxy for one worker that builds, within a `with` block.

    `variables` are those by which clients find it; `refused` are its last words about what it refused.
    """

    def __init__(
        self,
        worker: WorkerProcess,
        environment: Mapping[str, str],
        index: Index,
        cap: Network,
        denied: Denied,
        limits: EgressLimits = EGRESS,
    ) -> None:
        """`environment` is what tells workers of the proxy."""
        self._denied = denied
        self.refused: list[str] = []
        # Every address leads to the proxy: the index may be on this machine.
        self.variables = {name: value for name, value in environment.items() if name.lower() != "no_proxy"}
        self._resolver = Resolver(within_s=limits.resolve)
        # Nothing of the engine's own is to be had here; the index is reached wherever it is, as the engine's bases are.
        own = Own(plain=_NOBODY, elsewhere=index.places, domains=_NOBODY, loopback=frozenset())
        caller = Caller("", worker.number, "", index.allows(cap))
        self._egress = WorkerEgress(
            caller,
            own,
            _turn_away,
            self._resolver,
            limits,
            Traffic(),
            self._note,
            Seats(2 * limits.connections),
            Seats(limits.connections),
        )
        listeners, worker.listeners = worker.listeners, {}
        proxy = urlsplit(environment.get("http_proxy", "")).port
        for port, listener in listeners.items():
            if port == proxy:
                self._egress.listen({port: listener})
            else:
                listener.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._egress.close()
        self._resolver.close()

    def _note(self, target: str, error: RefusalError) -> None:
        self._denied(target, error)
        if error.message not in self.refused:
            self.refused = [*self.refused, error.message][-_TOLD:]


def _turn_away(connection: socket.socket, _caller: Caller, ended: Callable[[], None]) -> None:
    connection.close()
    ended()
