"""`ship delete`."""

from __future__ import annotations

import pytest

from steamship.cli.session import Session
from tests.unit.sdk.cli.conftest import failed

SPACE = {"id": "W1", "handle": "space"}
INSTANCE = {"id": "I1", "handle": "mine"}


@pytest.fixture(autouse=True)
def _things(engine):
    engine.answers |= {
        "workspace/get": {"workspace": SPACE},
        "workspace/delete": {"workspace": SPACE},
        "package/instance/get": {"packageInstance": INSTANCE},
        "package/instance/delete": {"packageInstance": INSTANCE},
    }


def test_workspace(ship, engine):
    """With --yes the workspace goes."""
    ran = ship("delete", "-w", "space", "--yes")
    assert (ran.code, ran.out) == (0, 'The workspace "space" is deleted.\n')
    assert engine.payload("workspace/get") == {"handle": "space"}
    assert engine.payload("workspace/delete") == {"id": "W1"}
    assert ship("delete", "-w", "space", "-y", "--json").json() == SPACE


def test_instance(ship, engine):
    """With an instance's handle only that goes."""
    ran = ship("delete", "-w", "space", "-i", "mine", "--yes")
    assert (ran.code, ran.out) == (0, 'The instance "mine" is deleted.\n')
    assert engine.payload("package/instance/delete") == {"id": "I1"}
    assert engine.requests[-1].headers["X-Workspace-Handle"] == "space"
    assert "workspace/delete" not in engine.called()


def test_nobody_to_ask(ship, engine):
    """Where nobody can confirm it, nothing is deleted without --yes: exit code 2."""
    for more in ((), ("-i", "mine")):
        ran = ship("delete", "-w", "space", *more)
        assert ran.code == 2
        assert "Add --yes" in ran.err
    assert not [name for name in engine.called() if name.endswith("delete")]


@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("n\n", 1), ("\n", 1)])
def test_it_asks(ship, engine, monkeypatch, answer, code):
    """On a terminal it asks, and no answer means no."""
    monkeypatch.setattr(Session, "may_ask", True)
    ran = ship("delete", "-w", "space", stdin=answer)
    assert ran.code == code
    assert ("workspace/delete" in engine.called()) == (code == 0)
    assert '"space", with all instances' in ran.err


def test_what_is_not_there(ship, engine):
    """A workspace that is not there is not made, but told."""
    engine.answers["workspace/get"] = failed('You have no workspace "space".', "NotFound", http=404)
    ran = ship("delete", "-w", "space", "--yes")
    assert ran.code == 1
    assert 'no workspace "space"' in ran.err
    assert engine.called() == ["workspace/get"]


def test_workspace_is_needed(ship):
    """Without a workspace it is wrong usage."""
    assert ship("delete", "-i", "mine", "--yes").code == 2
