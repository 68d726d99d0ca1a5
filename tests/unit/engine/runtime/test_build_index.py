"""What a build gets to know of the operator's package index."""

from __future__ import annotations

from pathlib import Path

import pytest

from steamship_engine.model.network import Network
from steamship_engine.runtime.building.index import index_of


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
            "UV_FIND_LINKS": "/srv/wheels",
            "SSL_CERT_FILE": "/srv/ca.pem",
        }
    )
    assert found.reads == (Path("/srv/my index"), Path("/srv/wheels"), Path("/srv/ca.pem"))
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
