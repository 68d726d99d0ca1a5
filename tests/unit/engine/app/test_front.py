"""Which part of the engine a request is for."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from steamship_engine.app.front import DOOR, Front
from steamship_engine.control.addresses import Addresses
from steamship_engine.model.errors import ForbiddenError
from steamship_engine.model.reserved import HEALTH_PATHS

LOCAL = Addresses("http://localhost:8080/api/v1/", "http://localhost:8080/", "http://localhost:8080/")
DOMAIN = Addresses(
    "https://api.ships.example/api/v1/", "https://run.ships.example/", "https://ships.example/"
)


def ask(
    addresses: Addresses, host: str, path: str, *, headers: dict[str, str] | None = None, ready: bool = True
) -> str | int:
    """The door that a request reaches, `api`, `gateway`, `web` or `metrics`, or the status it is refused with."""
    answers: list[Any] = []

    def door(name: str) -> Any:
        async def serve(scope: Any, receive: Any, send: Any) -> None:
            answers.append(name)

        return serve

    async def scrape(scope: Any) -> bytes:
        answers.append("metrics")
        return b""

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start" and "metrics" not in answers:
            answers.append(message["status"])

    fields = {"host": host, **(headers or {})}
    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "headers": [(name.encode(), value.encode()) for name, value in fields.items()],
    }
    front = Front(
        addresses,
        api=door("api"),
        gateway=door("gateway"),
        web=door("web"),
        scrape=scrape,
        is_ready=lambda: ready,
    )
    asyncio.run(front(scope, None, send))
    (answer,) = answers
    assert scope[DOOR] == (
        answer if isinstance(answer, str) else "health" if path in HEALTH_PATHS else "front"
    )
    return answer


@pytest.mark.parametrize(
    ("host", "expected"),
    [("api.ships.example", "api"), ("www.ships.example", "api"), ("alice.ships.example", "gateway")],
)
def test_bases_below_the_apps_domain_are_no_users(host: str, expected: str) -> None:
    """Where the API or the pages lie below the packages' domain, their hosts are the engine's and nobody's label."""
    addresses = Addresses(
        "https://api.ships.example/api/v1/", "https://ships.example/", "https://www.ships.example/"
    )
    assert ask(addresses, host, "/api/v1/account/current") == expected


@pytest.mark.parametrize(
    ("host", "path", "expected"),
    [
        ("localhost:8080", "/api/v1/account/current", "api"),
        ("127.0.0.1:8080", "/api/v1/account/current", "api"),
        ("[::1]:8080", "/api/v1/account/current", "api"),
        ("anything.localhost", "/api/v1/account/current", "api"),
        ("localhost:8080", "/@alice/space/inst/greet", "gateway"),
        ("localhost:8080", "/@api/v1/account/current", "gateway"),
        ("localhost:8080", "/space/inst/greet", "gateway"),
        ("localhost:8080", "/apis/v1/greet", "gateway"),
        ("localhost:8080", "/", "gateway"),
        ("localhost:8080", "/api/v2/x", 404),
        ("localhost:8080", "/dashboard/x", 404),
        ("localhost:8080", "/metrics", "metrics"),
        ("10.0.0.5:8080", "/metrics", "metrics"),
        ("localhost:8080", "/metrics/x", 404),
        ("localhost:8080", "/account/client-login", "web"),
        ("127.0.0.1:8080", "/account/client-login", "web"),
        ("localhost:8080", "/account/client-login/x", 404),
        ("example.com", "/api/v1/account/current", 421),
        ("example.com", "/@alice/space/inst/greet", 421),
        ("localhost.example.com", "/", 421),
        ("not a host", "/", 400),
    ],
)
def test_on_one_loopback_port(host: str, path: str, expected: str | int) -> None:
    """With loopback bases every loopback name is known, engine paths are the API's, all else is a package's."""
    assert ask(LOCAL, host, path) == expected


@pytest.mark.parametrize(
    ("host", "path", "expected"),
    [
        ("api.ships.example", "/api/v1/account/current", "api"),
        ("run.ships.example", "/@alice/space/inst/greet", "gateway"),
        ("alice.run.ships.example", "/space/inst/greet", "gateway"),
        ("alice.run.ships.example", "/api/v1/account/current", "gateway"),
        ("alice.run.ships.example", "/metrics", "gateway"),
        ("localhost", "/metrics", "metrics"),
        ("ships.example", "/account/client-login", "web"),
        ("run.ships.example", "/account/client-login", 404),
        ("api.ships.example", "/account/client-login", 404),
        ("alice.run.ships.example", "/account/client-login", "gateway"),
        ("ALICE.run.ships.example", "/space/inst/greet", "gateway"),
        ("a.b.run.ships.example", "/space/inst/greet", 421),
        ("alice.ships.example", "/space/inst/greet", 421),
        ("localhost", "/api/v1/account/current", 421),
    ],
)
def test_on_a_domain(host: str, path: str, expected: str | int) -> None:
    """With a domain as app base a user's host name is the packages' alone, and loopback names are unknown."""
    assert ask(DOMAIN, host, path) == expected


@pytest.mark.parametrize("header", ["x-package-instance-id", "x-package-owner-handle"])
def test_package_headers_win(header: str) -> None:
    """A request with a package header is the gateway's, even on an engine path; never on an unknown host."""
    assert ask(LOCAL, "localhost", "/api/v1/greet", headers={header: "x"}) == "gateway"
    assert ask(LOCAL, "example.com", "/api/v1/greet", headers={header: "x"}) == 421


def test_a_refusal_has_a_request_id() -> None:
    """A refused request can be found again: its id comes back in the header and in the body."""
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"host", b"example.com"), (b"x-request-id", b"find-me")]
    scope = {"type": "http", "method": "GET", "path": "/", "headers": headers}
    front = Front(LOCAL, api=None, gateway=None, web=None, scrape=None, is_ready=lambda: True)
    asyncio.run(front(scope, None, send))
    assert (b"x-request-id", b"find-me") in sent[0]["headers"]
    assert b'"requestId": "find-me"' in sent[1]["body"]


def test_health_tells_readiness() -> None:
    """`/livez` is 200 on any host from the start, `/readyz` only when the engine is ready."""
    assert ask(LOCAL, "probe.example", "/livez", ready=False) == 200
    assert ask(LOCAL, "probe.example", "/readyz", ready=False) == 503
    assert ask(LOCAL, "probe.example", "/readyz") == 200


def test_what_the_front_refuses_is_told() -> None:
    """An unknown host and metrics that may not be read are told with where they were asked from; health is not."""
    told: list[tuple[str, str | None]] = []

    async def scrape(_scope: Any) -> bytes:
        raise ForbiddenError("not from here")

    async def send(_message: Any) -> None:
        pass

    front = Front(
        LOCAL,
        api=None,
        gateway=None,
        web=None,
        scrape=scrape,
        is_ready=lambda: True,
        note=lambda error, source: told.append((error.code, source.address)),
    )
    for host, path in (("evil.example", "/api/v1/x"), ("localhost", "/metrics"), ("localhost", "/livez")):
        headers = [(b"host", host.encode())]
        scope = {
            "type": "http",
            "method": "GET",
            "path": path,
            "headers": headers,
            "client": ("192.0.2.1", 9),
        }
        asyncio.run(front(scope, None, send))
    assert told == [("Misdirected", "192.0.2.1"), ("Forbidden", "192.0.2.1")]
