"""`ship keys`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.unit.sdk.cli.conftest import KEY


def _key(id: str, name: str, **more) -> dict[str, object]:
    fields = {"scope": "user", "expiresAt": None, "revokedAt": None, "lastUsedAt": None}
    return {"id": id, "name": name, **fields, **more}


KEYS = [
    _key("K1", "laptop", lastUsedAt="2030-01-01T00:00:00Z"),
    _key("K2", "robot", scope="workspace", expiresAt="2999-01-01T00:00:00Z"),
    _key("K3", "twin"),
    _key("K4", "twin"),
    _key("K5", "old", expiresAt="2001-01-01T00:00:00Z"),
    _key("K6", "robot", revokedAt="2029-01-01T00:00:00Z"),
]


@pytest.fixture
def engine(engine):
    """An engine that has keys, makes and revokes them."""
    engine.answers["key/list"] = {"keys": KEYS}
    engine.answers["key/create"] = lambda sent: {
        "key": {**_key("K9", sent["name"], expiresAt=sent.get("expiresAt")), "apiKey": "new-key"}
    }
    engine.answers["key/revoke"] = lambda sent: {"key": {**KEYS[1], "id": sent["id"], "revokedAt": "now"}}
    return engine


def test_create(ship, engine):
    """The key alone is on standard output, so that it can be piped; the rest is on stderr."""
    ran = ship("keys", "create", "ci")
    assert (ran.code, ran.out) == (0, "new-key\n")
    assert '"ci"' in ran.err
    assert engine.payload("key/create") == {"name": "ci"}
    assert ship("keys", "create", "ci", "--json").json()["apiKey"] == "new-key"


def test_scopes(ship, engine):
    """A key may reach one workspace, or one instance, whose workspace has its handle unless it is named."""
    ship("keys", "create", "a", "--workspace", "w")
    assert engine.payload("key/create") == {"name": "a", "workspaceHandle": "w"}
    ship("keys", "create", "a", "--instance", "i")
    assert engine.payload("key/create") == {"name": "a", "workspaceHandle": "i", "instanceHandle": "i"}
    ship("keys", "create", "a", "--instance", "i", "--workspace", "w")
    assert engine.payload("key/create") == {"name": "a", "workspaceHandle": "w", "instanceHandle": "i"}


def test_expiry(ship, engine):
    """--expires 30d is thirty days from now; what is no time is wrong usage."""
    ship("keys", "create", "a", "--expires", "30d")
    ends = datetime.fromisoformat(engine.payload("key/create")["expiresAt"])
    assert abs(ends - datetime.now(UTC) - timedelta(days=30)) < timedelta(minutes=5)
    assert ship("keys", "create", "a", "--expires", "soon").code == 2


def test_ls(ship, engine):
    """Keys that have ended are left out unless --all asks for them; no secret is among the columns."""
    lines = ship("keys", "ls").out.splitlines()
    assert [line.split()[0] for line in lines] == ["ID", "K1", "K2", "K3", "K4"]
    assert lines[1].split() == ["K1", "laptop", "user", "never", "2030-01-01T00:00:00Z"]
    assert len(ship("keys", "ls", "--all").out.splitlines()) == 7
    assert ship("keys", "ls", "--all", "--json").json() == KEYS


@pytest.mark.parametrize(("named", "revoked"), [("K2", "K2"), ("k2", "K2"), ("robot", "K2"), ("K6", "K6")])
def test_revoke(ship, engine, named, revoked):
    """A key is revoked by its id, or by its name if one living key has it."""
    assert ship("keys", "revoke", named).code == 0
    assert engine.payload("key/revoke") == {"id": revoked}


@pytest.mark.parametrize(
    ("named", "words"), [("nope", 'no key "nope"'), ("twin", '2 keys have the name "twin"'), (KEY, "no key")]
)
def test_revoke_which(ship, engine, named, words):
    """A name of no key, or of several, revokes nothing."""
    ran = ship("keys", "revoke", named)
    assert ran.code == 1
    assert words in ran.err
    assert "key/revoke" not in engine.called()
