"""The clients that packages have, in a network without a way out but the proxy."""

from __future__ import annotations

import json

import pytest

from tests.services.internet import SITE, SITE_6, Internet

LIBRARIES = ("urllib", "httpx", "requests", "aiohttp")


@pytest.mark.parametrize("library", LIBRARIES)
def test_clients_reach_public_sites(net: Internet, library: str) -> None:
    """By HTTPS in a tunnel and by HTTP, over IPv4 and IPv6, by name and by address, without being told of a proxy."""
    net.names(site=[SITE], six=[SITE_6])
    found = net.fetch(
        library,
        "https://site.test/",
        "http://site.test/",
        "https://six.test/",
        "http://six.test:8080/",
        "https://site.test:8443/",
        f"https://{SITE}/",
    )
    assert [outcome.get("body") for outcome in found] == [
        f"hello from {SITE} 443",
        f"hello from {SITE} 80",
        f"hello from {SITE_6} 443",
        f"hello from {SITE_6} 8080",
        f"hello from {SITE} 8443",
        f"hello from {SITE} 443",
    ], found


@pytest.mark.parametrize("library", LIBRARIES)
def test_clients_are_told_what_is_refused_and_why(net: Internet, library: str) -> None:
    """A plain request is answered with 403; a tunnel fails with the reason in the client's own error. Nobody is reached."""
    net.names(inner=["10.0.0.1"], site=[SITE])
    before = net.told()["internet"]
    plain, tunnel, port = net.fetch(
        library, "http://inner.test/", "https://inner.test/", "https://site.test:22/"
    )
    assert (plain["status"], plain["why"]) == (403, "private-address")
    assert plain["body"] == '"inner.test" is refused: it has a private address.\n'
    assert '"inner.test" is refused: it has a private address.' in tunnel["said"]
    assert 'Port "22" is refused' in port["said"]
    assert net.told()["internet"] == before


@pytest.mark.parametrize("library", LIBRARIES)
def test_redirects_are_looked_at_anew(net: Internet, library: str) -> None:
    """A public site cannot send a client to the engine's machine, nor to what answers for the cloud's metadata."""
    net.names(site=[SITE], inner=["127.0.0.1"])
    targets = ("http://127.0.0.1:8000/", "http://169.254.169.254/latest/", "http://inner.test:9000/")
    # Some clients go there by themselves, in the worker's own network, where nobody is but the engine.
    loop, *others = net.fetch(library, *(f"https://site.test/redirect?to={target}" for target in targets))
    assert "error" in loop or loop["why"] == "loopback-address"
    assert [outcome["why"] for outcome in others] == ["metadata-address", "loopback-address"]
    (there,) = net.fetch(library, "http://site.test/redirect?to=https://site.test:8443/")
    assert there["body"] == f"hello from {SITE} 8443"
    assert net.told()["machine"] == []


@pytest.mark.parametrize("library", LIBRARIES)
def test_bodies_go_both_ways(net: Internet, library: str) -> None:
    """A request's body and megabytes of an answer arrive whole, in a tunnel and without."""
    net.names(site=[SITE])
    for scheme in ("http", "https"):
        echo, big = net.fetch(
            library,
            {"url": f"{scheme}://site.test/echo", "verb": "POST", "body": "x" * 3_000},
            f"{scheme}://site.test/big?size=3000000",
        )
        assert json.loads(echo["body"])["body"] == "x" * 3_000
        assert big["size"] == 3_000_000


@pytest.mark.parametrize("library", LIBRARIES)
def test_the_engine_is_reached_under_each_of_its_bases(net: Internet, library: str) -> None:
    """On a loopback base directly, on a plain one through the proxy; the engine knows whose worker calls."""
    found = net.fetch(
        library, "http://localhost:8080/api/v1/x", "http://alice.apps.test/w/i/m", worker="none"
    )
    assert [
        "engine for none: GET /api/v1/x" in found[0]["body"],
        "engine for none: GET /w/i/m" in found[1]["body"],
    ] == [
        True,
        True,
    ], found
    assert net.told()["asked"] == []


def test_a_base_with_tls_is_reached_wherever_it_is(net: Internet) -> None:
    """The operator has named it, so its private address counts; another port of it does not."""
    net.names(sealed=["10.20.30.40"])
    there, elsewhere = net.fetch("urllib", "https://sealed.test/", "https://sealed.test:8443/", worker="none")
    assert there["body"] == "hello from 10.20.30.40 443"
    assert '"sealed.test:8443" is refused: the package asks for no network' in elsewhere["said"]
    (elsewhere,) = net.fetch("urllib", "https://sealed.test:8443/")
    assert '"sealed.test" is refused: it has a private address' in elsewhere["said"]


def test_without_a_network_only_the_engine_is_reached(net: Internet) -> None:
    """Under `none` nothing else is even resolved, and nothing counts as traffic."""
    net.names(site=[SITE])
    plain, tunnel = net.fetch("urllib", "http://site.test/", "https://site.test/", worker="none")
    assert (plain["status"], plain["why"]) == (403, "network-none")
    assert "asks for no network in steamship.json" in tunnel["said"]
    told = net.told()
    assert told["asked"] == []
    assert told["none"] == [0, 0]


def test_a_client_without_a_proxy_reaches_nothing(net: Internet) -> None:
    """There is no way out of a worker's network but its listeners."""
    found = net.fetch(
        "raw", *({"port": port, "send": "GET / HTTP/1.1\r\n\r\n"} for port in (22, 80, 443, 8000, 9000))
    )
    assert {outcome["error"] for outcome in found} == {"ConnectionRefusedError"}
    assert net.told()["machine"] == []
