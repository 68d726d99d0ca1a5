"""Requests that are refused before anybody reads them."""

from __future__ import annotations

import pytest

from steamship_engine.gateway.hygiene import host_of
from steamship_engine.model.errors import InvalidRequestError


@pytest.mark.parametrize(
    ("value", "host"),
    [
        (b"Localhost:8080", "localhost"),
        (b"alice.Apps.test", "alice.apps.test"),
        (b"[::1]:80", "::1"),
        (b"[::1]", "::1"),
        (b"127.0.0.1", "127.0.0.1"),
    ],
)
def test_a_host_loses_case_port_and_brackets(value: bytes, host: str) -> None:
    """The host name compares as it stands in the settings."""
    assert host_of([(b"host", value)]) == host


@pytest.mark.parametrize(
    "value", [b"", b"a b", b"a/b", b"user@host", b"host:port", b"host:80:80", b"\xc3\xa4.test"]
)
def test_a_malformed_host_is_refused(value: bytes) -> None:
    """What is no host name never selects an owner."""
    with pytest.raises(InvalidRequestError, match="is not a host name"):
        host_of([(b"host", value)])


@pytest.mark.parametrize("name", [b"host", b"authorization", b"content-length", b"content-type"])
def test_a_doubled_header_is_refused(name: bytes) -> None:
    """Two readings of one request are one too many."""
    headers = [(b"host", b"a.test")] if name != b"host" else []
    with pytest.raises(InvalidRequestError, match="is sent twice"):
        host_of([*headers, (name, b"1"), (name, b"2")])


def test_too_many_header_bytes_are_refused() -> None:
    """Headers are bounded, whatever the server below admits."""
    with pytest.raises(InvalidRequestError, match="larger than 65536 bytes"):
        host_of([(b"host", b"a.test"), (b"x-a", b"x" * 70_000)])
