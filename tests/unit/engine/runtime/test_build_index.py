"""What a build gets to know of the operator's package index."""

from __future__ import annotations

import pytest

from steamship_engine.model.network import Network
from steamship_engine.runtime.building.index import WrongIndexError, index_of


def test_without_an_index_nothing_is_told() -> None:
    """Where the operator names none, it is `uv`'s own, which is public."""
    found = index_of({"PATH": "/bin"})
    assert (found.variables, set(found.places), found.reads) == ({}, set(), ())


def test_only_what_says_where_distributions_are_is_told() -> None:
    """Tokens, caches, proxies and whatever else the engine's `uv` gets are not the build's."""
    found = index_of(
        {
            "UV_DEFAULT_INDEX": "https://index.test/simple",
            "UV_RESOLUTION": "lowest",
            "UV_PUBLISH_TOKEN": "secret",
            "UV_INDEX_PRIVATE_PASSWORD": "secret",
            "UV_CACHE_DIR": "/cache",
            "HTTPS_PROXY": "http://me:secret@proxy.test",
            "HOME": "/root",
        }
    )
    assert found.variables == {"UV_DEFAULT_INDEX": "https://index.test/simple", "UV_RESOLUTION": "lowest"}


def test_users_and_passwords_are_left_out() -> None:
    """A build could read them, so the index gets none."""
    found = index_of({"UV_INDEX": "mine=https://me:secret@a.test/simple http://token@b.test:8081/x"})
    assert found.variables == {"UV_INDEX": "mine=https://a.test/simple http://b.test:8081/x"}
    assert found.places == {("a.test", 443), ("b.test", 8081)}


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("https://me:s@secret@a.test/x", "https://a.test/x"),
        ("https://me:s@e@cret@a.test:81", "https://a.test:81"),
        ("mine=https://s@secret@a.test/@scope/x", "mine=https://a.test/@scope/x"),
        ("https:me:secret@a.test/x", "https:a.test/x"),
        ("https:////me:secret@a.test/x", "https:////a.test/x"),
        ("https:\\\\me:secret@a.test", "https:\\\\a.test"),
        ("https://a.test/x?token=secret", "https://a.test/x"),
        ("https://a.test?token=s@secret", "https://a.test"),
        ("https://a.test/x#secret http://b.test/y?secret", "https://a.test/x http://b.test/y"),
        ("/srv/a@b/x?y", "/srv/a@b/x?y"),
    ],
)
def test_passwords_and_tokens_are_left_out_whole(value: str, told: str) -> None:
    """A password ends with the last "@" before the path; a query is left out; paths stay as they are."""
    assert index_of({"UV_EXTRA_INDEX_URL": value}).variables == {"UV_EXTRA_INDEX_URL": told}


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("http://host:99999/", "http://host:99999/"),
        ("http://[::1/simple", "http://[::1/simple"),
        ("http://good.test http://me:secret@host:port/", "http://***@host:port/"),
        ("http://me:se/cret@host/", "http://***@host/"),
        ("http://host:99999/x?secret", "http://host:99999/x?***"),
    ],
)
def test_an_address_that_is_none_is_named_without_its_password(value: str, shown: str) -> None:
    """The error names the variable and the address, and nothing of a password."""
    with pytest.raises(WrongIndexError) as wrong:
        index_of({"UV_INDEX": value})
    assert f'UV_INDEX has "{shown}"' in str(wrong.value)
    assert "secret" not in str(wrong.value) and "cret@" not in str(wrong.value)


@pytest.mark.parametrize(
    ("variable", "value", "places"),
    [
        ("UV_DEFAULT_INDEX", "https://Index.Test./simple", {("index.test", 443)}),
        ("UV_INDEX_URL", "http://10.0.0.5/simple", {("10.0.0.5", 80)}),
        ("UV_DEFAULT_INDEX", "http://[0:0:0::1]:3141/root", {("::1", 3141)}),
        ("UV_EXTRA_INDEX_URL", "https://a.test http://b.test:1", {("a.test", 443), ("b.test", 1)}),
        ("UV_FIND_LINKS", "https://a.test/x,/srv/wheels", {("a.test", 443)}),
    ],
)
def test_its_places_are_reached(variable: str, value: str, places: set[tuple[str, int]]) -> None:
    """Host and port of every address, as the proxy reads them."""
    assert index_of({variable: value}).places == places


def test_its_folders_are_read() -> None:
    """Folders and files that the operator names lie in the build's root, too."""
    found = index_of(
        {
            "UV_DEFAULT_INDEX": "file:///srv/my%20index",
            "UV_FIND_LINKS": "/srv/wheels,/srv/other wheels",
            "SSL_CERT_FILE": "/srv/ca.pem",
            "SSL_CERT_DIR": "/srv/certs:/srv/more",
        }
    )
    assert list(map(str, found.reads)) == [
        "/srv/my index",
        "/srv/wheels",
        "/srv/other wheels",
        "/srv/ca.pem",
        "/srv/certs",
        "/srv/more",
    ]
    assert found.places == frozenset()


@pytest.mark.parametrize(
    ("cap", "reaches"),
    [
        (Network.NONE, Network.NONE),
        (Network.INTERNET, Network.INTERNET),
        (Network.HOST, Network.INTERNET),
    ],
)
def test_it_never_has_the_machines_own_network(cap: Network, reaches: Network) -> None:
    """Beside its index a build reaches the internet at most, and nothing where packages reach nothing."""
    assert index_of({}).allows(cap) is reaches
