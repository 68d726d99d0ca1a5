"""`ship login` and `ship whoami`."""

from __future__ import annotations

import json
import stat

import pytest

from steamship.cli import browser_login
from tests.unit.sdk.cli.conftest import API_BASE, KEY, USER, failed


@pytest.fixture(autouse=True)
def _no_environment(ship, monkeypatch):
    """Nothing but the command line and the file tells where the engine is."""
    monkeypatch.delenv("STEAMSHIP_API_KEY")
    monkeypatch.delenv("STEAMSHIP_API_BASE")


@pytest.fixture
def stored(home):
    """The stored configuration, as it is now."""
    return lambda: json.loads((home / ".steamship.json").read_text())


BASES = {"apiBase": API_BASE, "appBase": "http://engine.test/", "webBase": "http://engine.test/"}


def test_key_is_checked_and_kept(ship, engine, stored, home):
    """A key on standard input is kept with the bases once the engine knows it; only its owner may read the file."""
    ran = ship("login", "--api-base", API_BASE, stdin=f"{KEY}\n")
    assert ran.code == 0
    assert "You are ada" in ran.out
    assert KEY not in ran.out + ran.err
    assert engine.requests[0].headers["Authorization"] == f"Bearer {KEY}"
    assert stored() == {"apiKey": KEY, **BASES}
    assert stat.S_IMODE((home / ".steamship.json").stat().st_mode) == 0o600


def test_json(ship, engine):
    """With --json it tells the user and the bases, never the key."""
    ran = ship("login", "--api-base", API_BASE, "--json", stdin=KEY)
    assert ran.json() == {"user": USER, **BASES, "profile": None}


def test_address_without_a_path(ship, engine, stored):
    """An engine's plain address is enough: its API is below it."""
    assert ship("login", "--api-base", "http://engine.test", stdin=KEY).code == 0
    assert stored()["apiBase"] == API_BASE


def test_bases_of_their_own(ship, engine, stored):
    """App and web base may lie elsewhere."""
    arguments = ("--api-base", API_BASE, "--app-base", "http://apps.test", "--web-base", "http://web.test/x")
    assert ship("login", *arguments, stdin=KEY).code == 0
    assert stored()["appBase"] == "http://apps.test/"
    assert stored()["webBase"] == "http://web.test/x/"


def test_profile(ship, engine, stored, home):
    """A profile is written beside everything else that is in the file."""
    before = {"apiKey": "a", "mine": 1, "profiles": {"x": {"apiKey": "b"}}}
    (home / ".steamship.json").write_text(json.dumps(before))
    assert ship("login", "--profile", "work", "--api-base", API_BASE, stdin=KEY).code == 0
    after = stored()
    assert after["profiles"].pop("work") == {"apiKey": KEY, **BASES}
    assert after == before


def test_new_key_for_the_same_engine(ship, engine, stored, home):
    """Without bases on the command line the stored ones stay."""
    (home / ".steamship.json").write_text(json.dumps({"apiKey": "old", **BASES}))
    assert ship("login", stdin=KEY).code == 0
    assert stored() == {"apiKey": KEY, **BASES}


@pytest.mark.parametrize("stdin", ["", "\n", "two words", "ключ"])
def test_no_key_on_stdin(ship, engine, home, stdin):
    """What can be no key is not sent, and nothing is stored."""
    ran = ship("login", "--api-base", API_BASE, stdin=stdin)
    assert ran.code in {1, 2}
    assert engine.sent == []
    assert not (home / ".steamship.json").exists()


def test_unknown_key(ship, engine, home):
    """A key that the engine does not know is not stored."""
    engine.answers["account/current"] = failed("The key is not known.", "AuthenticationRequired", http=401)
    ran = ship("login", "--api-base", API_BASE, stdin=KEY)
    assert ran.code == 1
    assert "The key is not known." in ran.err
    assert not (home / ".steamship.json").exists()


def test_no_engine_there(ship, home):
    """An address where nothing answers is told, and nothing is stored."""
    ran = ship("login", "--api-base", "http://127.0.0.1:1/api/v1/", stdin=KEY)
    assert ran.code == 1
    assert "127.0.0.1:1" in ran.err
    assert not (home / ".steamship.json").exists()


def test_no_address(ship, engine):
    """A base that is no http address is refused by its value."""
    ran = ship("login", "--api-base", "engine.test", stdin=KEY)
    assert ran.code == 1
    assert '"engine.test"' in ran.err


def test_whoami(ship, engine, home):
    """`ship whoami` tells user, engine and profile."""
    (home / ".steamship.json").write_text(json.dumps({"profiles": {"work": {"apiKey": KEY, **BASES}}}))
    ran = ship("whoami", "--profile", "work")
    assert ran.out == f"user     ada\nengine   {API_BASE}\nprofile  work\n"
    assert ship("whoami", "--profile", "work", "--json").json() == {
        **USER,
        "apiBase": API_BASE,
        "profile": "work",
    }


@pytest.fixture
def opened(monkeypatch):
    """What the browser was given; it needs no time to poll."""
    addresses = []
    monkeypatch.setattr("webbrowser.open", addresses.append)
    monkeypatch.setattr(browser_login, "POLL_S", 0)
    return addresses


def test_browser(ship, engine, stored, opened):
    """With --browser the page is opened, its code shown, and the key that the engine makes is kept."""
    answers = iter([{"status": "waiting"}, {"status": "waiting"}, {"status": "done", "apiKey": KEY}])
    engine.answers["account/create_login_attempt"] = {"token": "a-token"}
    engine.answers["account/poll_login_attempt"] = lambda _sent: next(answers)
    ran = ship("login", "--browser", "--api-base", API_BASE)
    assert ran.code == 0, ran.err
    assert stored()["apiKey"] == KEY
    assert opened[0].startswith("http://engine.test/account/client-login?attemptToken=a-token&client=ship&")
    assert opened[0] in ran.err
    assert browser_login.code_of("a-token") in ran.err
    assert KEY not in ran.out + ran.err
    assert all("Authorization" not in request.headers for request in engine.requests[:4])


def test_browser_without_approval(ship, engine, opened, home):
    """A login that ends without approval keeps nothing."""
    engine.answers["account/create_login_attempt"] = {"token": "a-token"}
    engine.answers["account/poll_login_attempt"] = {"status": "ended"}
    ran = ship("login", "--browser", "--api-base", API_BASE)
    assert ran.code == 1
    assert "was not approved" in ran.err
    assert not (home / ".steamship.json").exists()
