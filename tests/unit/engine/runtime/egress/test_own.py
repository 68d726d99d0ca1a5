"""Which places are the engine's own, and what a worker is told of the proxy."""

from __future__ import annotations

import pytest

from steamship_engine.runtime.egress.own import own_of, ports_of
from steamship_engine.runtime.port import Bases

LOCAL = Bases(*("http://localhost:8080/api/v1/", "http://localhost:8080/", "http://localhost:8080/"))
DOMAIN = Bases(*("https://api.ship.test/api/v1/", "https://apps.ship.test/", "https://ship.test/"))
PLAIN = Bases(*("http://ship.test/api/v1/", "http://apps.ship.test:8080/", "http://ship.test/"))
LAN = Bases(*("http://192.168.1.5:8080/api/v1/", "http://192.168.1.5:8080/localhost/", "http://[fd00::5]/"))


@pytest.mark.parametrize(
    ("bases", "host", "port"),
    [
        (LOCAL, "localhost", 8080),
        (LOCAL, "127.0.0.1", 8080),
        (LOCAL, "127.9.9.9", 8080),
        (LOCAL, "::1", 8080),
        (LOCAL, "alice.localhost", 8080),
        (PLAIN, "ship.test", 80),
        (PLAIN, "apps.ship.test", 8080),
        (PLAIN, "alice.apps.ship.test", 8080),
        (LAN, "192.168.1.5", 8080),
        (LAN, "fd00::5", 80),
    ],
)
def test_plain_bases_are_served_by_the_engine_itself(bases: Bases, host: str, port: int) -> None:
    """Under every name of theirs: loopback names where a base is one, and users' below an app domain."""
    assert own_of(bases).is_plain(host, port)
    assert not own_of(bases).is_elsewhere(host, port)


@pytest.mark.parametrize(
    ("host", "port"),
    [("api.ship.test", 443), ("apps.ship.test", 443), ("alice.apps.ship.test", 443), ("ship.test", 443)],
)
def test_bases_with_tls_are_reached_where_it_ends(host: str, port: int) -> None:
    """The engine cannot serve those itself: it has no certificate."""
    assert own_of(DOMAIN).is_elsewhere(host, port)
    assert not own_of(DOMAIN).is_plain(host, port)


@pytest.mark.parametrize(
    ("bases", "host", "port"),
    [
        (LOCAL, "localhost", 8081),
        (LOCAL, "localhost", 22),
        (LOCAL, "localhost.test", 8080),
        (LOCAL, "192.168.1.5", 8080),
        (DOMAIN, "api.ship.test", 80),
        (DOMAIN, "api.ship.test", 22),
        (DOMAIN, "alice.api.ship.test", 443),
        (DOMAIN, "a.b.apps.ship.test", 443),
        (DOMAIN, "other.test", 443),
        (DOMAIN, "localhost", 443),
        (DOMAIN, ".apps.ship.test", 443),
        (PLAIN, "alice.ship.test", 80),
        (PLAIN, "apps.ship.test", 80),
        (LAN, "x.192.168.1.5", 8080),
        (LAN, "localhost", 8080),
    ],
)
def test_everything_else_is_somebody_elses(bases: Bases, host: str, port: int) -> None:
    """Another port, a deeper name, and what only looks alike."""
    assert not own_of(bases).is_plain(host, port)
    assert not own_of(bases).is_elsewhere(host, port)


def test_workers_listen_for_loopback_bases_and_the_proxy() -> None:
    """Other bases are reached through the proxy, whose port is no base's."""
    assert ports_of(LOCAL).all == (8080, 3128)
    assert ports_of(DOMAIN).all == (3128,)
    apart = Bases("http://localhost:3128/api/v1/", "http://127.0.0.1:3129/", "http://localhost:8080/")
    assert ports_of(apart).bases == (3128, 3129, 8080)
    assert ports_of(apart).proxy == 3130


def test_a_worker_is_told_of_the_proxy_in_both_spellings() -> None:
    """Some clients read the variables in capitals, some in small letters; the machine's own names are never for the proxy."""
    environment = ports_of(LOCAL).environment
    assert environment["HTTP_PROXY"] == environment["https_proxy"] == "http://127.0.0.1:3128"
    assert environment["NO_PROXY"] == environment["no_proxy"] == "localhost,127.0.0.1,::1"
    assert {name.lower() for name in environment} == {"http_proxy", "https_proxy", "no_proxy"}
