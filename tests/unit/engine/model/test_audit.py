"""The audit trail's words are a closed table."""

from __future__ import annotations

import re

from steamship_engine.model.audit import MEANINGS, AuditKind, Source, source_of
from steamship_engine.model.network import Network
from steamship_engine.runtime.port import Caller


def test_every_kind_has_a_meaning() -> None:
    """The table of meanings has every kind and no other."""
    assert set(MEANINGS) == set(AuditKind)


def test_kinds_are_a_noun_and_what_happened() -> None:
    """A kind is two lower-case words with a dot between, so that the first can stand for all of its noun."""
    assert all(re.fullmatch(r"[a-z]+\.[a-z]+", kind) for kind in AuditKind)


def test_a_request_comes_from_the_other_end_of_its_connection() -> None:
    """The address is the connection's, whatever headers say; a request over a Unix socket has none."""
    headers = [(b"x-forwarded-for", b"198.51.100.1")]
    scope = {"type": "http", "client": ("192.0.2.1", 1234), "headers": headers}
    assert source_of(scope, "R-1") == Source("192.0.2.1", "R-1")
    assert source_of({"type": "http", "client": None}, "R-1") == Source(None, "R-1")


def test_a_worker_in_a_network_of_its_own_has_no_address() -> None:
    """Who made such a connection is known without one, whatever it sends."""
    caller = Caller("I-1", 7, "W-1", Network.NONE)
    assert source_of({"type": "http", "client": caller}, "R-1") == Source(None, "R-1", "I-1")
    owned = caller._replace(owner="alice")
    assert source_of({"type": "http", "client": owned}, "R-1") == Source(None, "R-1", "I-1", "alice")
