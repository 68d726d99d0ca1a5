"""Who holds the other end of a local connection."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator

import pytest

from steamship_engine.runtime.peers import Peers


@pytest.fixture(params=["127.0.0.1", "::1"])
def ends(request: pytest.FixtureRequest) -> Iterator[tuple[socket.socket, socket.socket]]:
    """A connection within this machine: the client's end and the server's."""
    with socket.create_server((request.param, 0), family=_family(request.param)) as listener:
        client = socket.create_connection(listener.getsockname()[:2])
        server, _ = listener.accept()
        with client, server:
            yield client, server


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def test_the_process_that_holds_it(ends: tuple[socket.socket, socket.socket]) -> None:
    """It is the one among those asked about whose descriptor the client's end is."""
    peer = ends[1].getpeername()[:2]
    assert Peers().holder(peer, [os.getppid(), os.getpid()]) == os.getpid()
    assert Peers().holder(peer, [os.getppid()]) is None
    assert Peers().holder(peer, []) is None


def test_an_end_that_nobody_holds(ends: tuple[socket.socket, socket.socket]) -> None:
    """A connection that is closed, and one to elsewhere, have no holder."""
    peer = ends[1].getpeername()[:2]
    ends[0].close()
    assert Peers().holder(peer, [os.getpid()]) is None
    assert Peers().holder(("192.0.2.1", 1234), [os.getpid()]) is None
