"""A server whose answers a test scripts, and a pool of connections."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from steamship.base.connections import ConnectionPool
from tests.services.scripted_server import Script, Server


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
