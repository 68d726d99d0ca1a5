"""Who may read `/metrics`."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import Any, cast

import pytest
from sqlalchemy.exc import OperationalError

from steamship_engine.app import scraping
from steamship_engine.app.metrics import Metrics
from steamship_engine.app.scraping import Scraping
from steamship_engine.control.addresses import Addresses
from steamship_engine.model.errors import AuthenticationError, ForbiddenError, MethodNotAllowedError
from steamship_engine.runtime.port import RuntimeStats
from steamship_engine.store.database import Database

LOCAL = Addresses("http://localhost:8080/api/v1/", "http://localhost:8080/", "http://localhost:8080/")
BEHIND_A_PROXY = Addresses(
    "https://ships.example/api/v1/", "http://localhost:8080/", "http://localhost:8080/"
)
SEALED = Addresses("https://localhost/api/v1/", "https://localhost/", "https://localhost/")
KEY = "k" * 40


class _Down:
    """A database that does not answer."""

    asked = 0

    @contextmanager
    def read(self) -> Any:
        self.asked += 1
        raise OperationalError("SELECT", {}, Exception("down"))
        yield


def _scraping(addresses: Addresses, key: str | None, database: Any = None) -> Scraping:
    made = cast(Database, database or _Down())
    return Scraping(Metrics(), made, lambda: RuntimeStats({}), addresses, key)


def _ask(
    addresses: Addresses,
    key: str | None,
    *,
    host: str = "localhost:8080",
    client: tuple[str, int] | None = ("127.0.0.1", 50000),
    authorization: str | None = None,
    verb: str = "GET",
) -> bytes:
    headers = [(b"host", host.encode())]
    if authorization is not None:
        headers.append((b"authorization", authorization.encode()))
    scope = {"method": verb, "headers": headers, "client": client}
    return asyncio.run(_scraping(addresses, key).answer(scope))


@pytest.mark.parametrize("host", ["localhost:8080", "127.0.0.1:8080", "[::1]:8080"])
def test_without_a_key_this_machine_reads_them(host: str) -> None:
    """Where everything is a loopback name, nothing has to be set up."""
    assert b"steamship_engine_info{" in _ask(LOCAL, None, host=host)


@pytest.mark.parametrize(
    ("addresses", "more"),
    [
        (LOCAL, {"client": ("192.0.2.7", 50000)}),
        (LOCAL, {"client": None}),
        (SEALED, {}),
        (LOCAL, {"host": "rebound.example"}),
        (LOCAL, {"host": "192.0.2.1:8080"}),
        (BEHIND_A_PROXY, {}),
        (LOCAL, {"client": ("192.0.2.7", 50000), "authorization": f"Bearer {KEY}"}),
    ],
)
def test_without_a_key_nobody_else_does(addresses: Addresses, more: dict[str, Any]) -> None:
    """Another machine, a page under a name of its own, and whoever comes through a proxy are refused."""
    with pytest.raises(ForbiddenError) as error:
        _ask(addresses, None, **more)
    assert "STEAMSHIP_ENGINE_METRICS_KEY" in str(error.value.suggestion)


@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
def test_the_key_opens_them_from_anywhere(scheme: str) -> None:
    """Whoever sends the key reads them, from any machine and under any host name."""
    told = _ask(
        BEHIND_A_PROXY, KEY, host="10.0.0.5:8080", client=("192.0.2.7", 1), authorization=f"{scheme} {KEY}"
    )
    assert b"steamship_engine_info{" in told


@pytest.mark.parametrize(
    "sent", [None, "Bearer", f"Bearer {KEY}x", f"Bearer {KEY[:-1]}", f"Basic {KEY}", KEY]
)
def test_where_there_is_a_key_it_is_needed(sent: str | None) -> None:
    """This machine needs it, too; the refusal holds nothing of it."""
    with pytest.raises(AuthenticationError) as error:
        _ask(LOCAL, KEY, authorization=sent)
    assert KEY not in f"{error.value.message} {error.value.suggestion}"


def test_they_are_only_read() -> None:
    """Any verb but GET and HEAD is refused by name."""
    with pytest.raises(MethodNotAllowedError, match="does not take POST"):
        _ask(LOCAL, None, verb="POST")


def test_a_database_that_is_down_hides_nothing_else() -> None:
    """Then the tasks are missing, and a number says why."""
    told = _ask(LOCAL, None)
    assert b"steamship_database_up 0\n" in told
    assert b"steamship_tasks" not in told


def test_scrapes_at_once_ask_the_database_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many scrapes wait for a database that hangs, one thread waits with them."""
    asked: list[str] = []
    over: list[asyncio.Event] = []

    async def hang(_work: Any, name: str) -> Any:
        asked.append(name)
        over.append(asyncio.Event())
        await over[0].wait()
        return {}

    monkeypatch.setattr(scraping, "in_thread", hang)
    monkeypatch.setattr(scraping, "COUNT_S", 0.01)

    async def run() -> list[bytes]:
        one = _scraping(LOCAL, None)
        scope = {"method": "GET", "headers": [(b"host", b"localhost")], "client": ("127.0.0.1", 1)}
        early = [*await asyncio.gather(*(one.answer(scope) for _ in range(5))), await one.answer(scope)]
        over[0].set()
        return [*early, await one.answer(scope)]

    *early, last = asyncio.run(run())
    assert len(asked) == 1
    assert all(b"steamship_database_up 0" in told for told in early)
    assert b"steamship_database_up 1" in last
