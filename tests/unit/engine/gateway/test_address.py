"""Addresses of packages, in their three forms."""

from __future__ import annotations

import pytest

from steamship_engine.control.addresses import Addresses
from steamship_engine.gateway.address import Address, owner_label, parse
from steamship_engine.model.errors import InvalidRequestError, NotFoundError

LOCAL = Addresses(
    api="http://localhost:8080/api/v1/", app="http://localhost:8080/", web="http://localhost:8080/"
)
DOMAIN = Addresses(api="https://api.test/api/v1/", app="https://apps.test/", web="https://web.test/")
PREFIXED = Addresses(api="http://10.0.0.5/api/v1/", app="http://10.0.0.5/localhost/", web="http://10.0.0.5/")


@pytest.mark.parametrize(
    ("addresses", "host", "path"),
    [
        (DOMAIN, "alice.apps.test", b"/space/bot/greet"),
        (DOMAIN, "apps.test", b"/@alice/space/bot/greet"),
        (LOCAL, "localhost", b"/@alice/space/bot/greet"),
        (LOCAL, "localhost", b"//@alice//space/bot//greet/"),
        (PREFIXED, "10.0.0.5", b"/localhost/@alice/space/bot/greet"),
    ],
)
def test_every_form_names_the_same_method(addresses: Addresses, host: str, path: bytes) -> None:
    """Domain form, path form, doubled slashes and a prefixed app base lead to one address."""
    assert parse(host, path, {}, addresses) == Address("alice", "space", "bot", None, "/greet")


def test_the_short_form_leaves_the_owner_open() -> None:
    """Without a user in host or path the owner is None, for the key to decide."""
    assert parse("localhost", b"/space/bot/greet", {}, LOCAL).owner is None


def test_headers_name_owner_and_instance() -> None:
    """The original client's package headers fill in what the URL leaves out, and `_` is no handle."""
    headers = {"x-package-owner-handle": "alice", "x-package-instance-id": "ID-1"}
    assert parse("localhost", b"/_/_/greet", headers, LOCAL) == Address("alice", None, None, "ID-1", "/greet")


def test_segments_are_decoded_one_by_one() -> None:
    """An escaped slash stays inside its handle and never makes a segment."""
    assert parse("localhost", b"/@alice/a%2Fb/c/d%20e", {}, LOCAL) == Address(
        "alice", "a/b", "c", None, "/d e"
    )


@pytest.mark.parametrize("path", [b"/", b"/space", b"/@alice", b"/@alice/space"])
def test_too_short_a_path_is_not_found(path: bytes) -> None:
    """A path with fewer than two handles names no instance."""
    with pytest.raises(NotFoundError, match="names no instance"):
        parse("localhost", path, {}, LOCAL)


@pytest.mark.parametrize("path", [b"/a/b/%ff", b"/a/b/\xff"])
def test_a_path_that_is_no_utf8_is_refused(path: bytes) -> None:
    """Bytes that are no UTF-8 give a typed error."""
    with pytest.raises(InvalidRequestError, match="UTF-8"):
        parse("localhost", path, {}, LOCAL)


@pytest.mark.parametrize(
    "host", ["apps.test", "a.b.apps.test", ".apps.test", "evilapps.test", "alice.apps.test.evil"]
)
def test_only_one_label_before_the_domain_is_an_owner(host: str) -> None:
    """No other host passes for an owner's."""
    assert owner_label(host, DOMAIN) is None


def test_the_invocation_url_parses_back() -> None:
    """What `invocation_url` gives out is an address of the same instance."""
    for addresses, host in ((DOMAIN, "alice.apps.test"), (LOCAL, "localhost")):
        url = addresses.invocation_url("alice", "my space", "b.o-t")
        path = "/" + url.split("/", 3)[3] + "greet"
        assert parse(host, path.encode(), {}, addresses) == Address(
            "alice", "my space", "b.o-t", None, "/greet"
        )
