"""The door of `/metrics`: who may read it, and the answer.

With a key (`STEAMSHIP_ENGINE_METRICS_KEY`) whoever sends it may read it, on any host name. Without one it is for this machine
alone: the client's address is a loopback one, and so are the name that it asked for and every address of the engine's, none of
which has TLS. So a proxy on this machine, whoever is behind it, opens nothing: an engine behind one has other names, or `https`.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections.abc import Callable
from typing import Any

from steamship_engine.app import process
from steamship_engine.app.metrics import Metrics
from steamship_engine.control.addresses import Addresses, is_loopback, is_sealed
from steamship_engine.gateway import hygiene
from steamship_engine.model.errors import (
    AuthenticationError,
    ForbiddenError,
    MethodNotAllowedError,
)
from steamship_engine.model.states import TaskState
from steamship_engine.runtime.port import RuntimeStats
from steamship_engine.store import queue
from steamship_engine.store.database import Database
from steamship_engine.tasks.threads import in_thread

COUNT_S = 2.0
"""How long a scrape waits for the database; without it the rest is told."""

_log = logging.getLogger(__name__)


class Scraping:
    """Answers scrapes with the text of the metrics."""

    def __init__(
        self,
        metrics: Metrics,
        database: Database,
        stats: Callable[[], RuntimeStats],
        addresses: Addresses,
        key: str | None,
    ) -> None:
        """`key` None: there is none. `stats` is asked on the event loop."""
        self._metrics, self._database, self._stats = metrics, database, stats
        self._key = None if key is None else key.encode()
        bases = (addresses.api, addresses.app, addresses.web)
        self._local = all(is_loopback(host) for host in addresses.hosts) and not any(map(is_sealed, bases))
        self._counting: asyncio.Task[dict[TaskState, int] | None] | None = None

    async def answer(self, scope: Any) -> bytes:
        """The body of the answer to an ASGI request. ForbiddenError, AuthenticationError, MethodNotAllowedError."""
        if scope["method"] not in ("GET", "HEAD"):
            raise MethodNotAllowedError(
                f'"/metrics" does not take {scope["method"][:20]}.', suggestion="Use GET."
            )
        self._admit(scope)
        tasks = await self._tasks()
        return self._metrics.text(self._stats(), tasks, process.look()).encode()

    def _admit(self, scope: Any) -> None:
        headers: list[tuple[bytes, bytes]] = scope["headers"]
        if self._key is None:
            names = (hygiene.host_of(headers), (scope.get("client") or ("",))[0])
            if not self._local or not all(map(is_loopback, names)):
                raise ForbiddenError(
                    "The metrics of this engine are not to be read from here.",
                    suggestion="Let the operator set STEAMSHIP_ENGINE_METRICS_KEY, and send that as the bearer key.",
                )
            return
        given = next((value for name, value in headers if name == b"authorization"), b"")
        scheme, _, key = given.strip().partition(b" ")
        if scheme.lower() != b"bearer" or not hmac.compare_digest(key.strip(), self._key):
            raise AuthenticationError(
                "The metrics of this engine need its metrics key.",
                suggestion="Send STEAMSHIP_ENGINE_METRICS_KEY as the bearer key.",
            )

    async def _tasks(self) -> dict[TaskState, int] | None:
        """How many tasks have not ended, None where the database does not say. Scrapes at once share one question."""
        if self._counting is None or self._counting.done():
            self._counting = asyncio.create_task(self._count())
        done, _ = await asyncio.wait({self._counting}, timeout=COUNT_S)
        return self._counting.result() if done else None

    async def _count(self) -> dict[TaskState, int] | None:
        try:
            return await in_thread(self._ask, "metrics: count tasks")
        except Exception as error:
            _log.warning("Tasks cannot be counted: %s", error)
            return None

    def _ask(self) -> dict[TaskState, int]:
        with self._database.read() as connection:
            return queue.unfinished(connection)
