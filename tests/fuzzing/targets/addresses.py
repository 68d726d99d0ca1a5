"""Addresses of packages. An input is a line of host, a line of raw path, and lines of headers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from steamship_engine.control.addresses import Addresses
from steamship_engine.gateway import address
from steamship_engine.model.errors import InvalidRequestError, NotFoundError
from tests.fuzzing.target import Target, check_words

BASES = [
    Addresses("http://localhost:8080/api/v1/", "http://localhost:8080/", "http://localhost:8080/"),
    Addresses(
        "http://127.0.0.1:80/api/v1/", "http://127.0.0.1:80/localhost/", "http://127.0.0.1:80/localhost/"
    ),
    Addresses("https://api.ship.test/api/v1/", "https://apps.ship.test/", "https://ship.test/"),
]


def check(data: bytes) -> None:
    """An address of whole characters whose path begins with a slash, or a refusal that can be told."""
    host, _, rest = data.partition(b"\n")
    raw_path, _, lines = rest.partition(b"\n")
    headers = dict(line.partition(": ")[::2] for line in lines.decode("latin-1").lower().split("\n"))
    for bases in BASES:
        try:
            found = address.parse(host.decode("latin-1").lower(), raw_path, headers, bases)
        except (NotFoundError, InvalidRequestError) as error:
            check_words(error.message, error.suggestion)
            continue
        assert found.path.startswith("/")
        for part in (found.owner, found.workspace, found.instance, found.instance_id, found.path):
            assert part is None or part.encode("utf-8") or part == ""
        assert found.workspace != ""
        assert found.instance != ""
        _check_made(found, bases)


def _check_made(found: address.Address, bases: Addresses) -> None:
    """The address that the engine itself would give for this instance leads to it."""
    owner, workspace, instance = found.owner, found.workspace, found.instance
    if not (owner and workspace and instance and owner.replace("-", "").isalnum() and owner.isascii()):
        return
    _, _, place = bases.invocation_url(owner, workspace, instance).partition("://")
    host, _, path = place.partition("/")
    again = address.parse(host.partition(":")[0], b"/" + path.encode("ascii"), {}, bases)
    assert (again.owner, again.workspace, again.instance, again.path) == (owner, workspace, instance, "/")


@st.composite
def _addresses(draw: Callable[..., Any]) -> bytes:
    hosts = ["localhost", "127.0.0.1", "apps.ship.test", "me.apps.ship.test", "a.b.apps.ship.test", "", "."]
    segment = st.sampled_from(
        ["@me", "@", "_", "space", "first", "", ".", "..", "%2F", "%00", "%C3%A9", "%ff", "%", "%2", "localhost", "a b"]
    )  # fmt: skip
    path = "/" + "/".join(draw(st.lists(segment, max_size=8)))
    header = st.sampled_from(
        ["x-package-owner-handle: me", "x-package-instance-id: I", "x-package-owner-handle: "]
    )
    return "\n".join([draw(st.sampled_from(hosts)), path, *draw(st.lists(header, max_size=2))]).encode()


TARGET = Target("addresses", check, _addresses(), (address,))
