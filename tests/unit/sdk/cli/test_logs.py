"""`ship logs`."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from steamship.cli import logs as logs_module

ENTRIES = [
    {
        "id": "2", "timestamp": "2030-01-01T00:00:02.000Z", "level": "ERROR", "message": "no \x1b[31mway\n",
        "invocableInstanceHandle": "mine", "path": "/greet",
    },
    {"id": "1", "timestamp": "2030-01-01T00:00:01.000Z", "level": "INFO", "message": "starting", "path": None},
]  # fmt: skip
FOUND = {"from": 0, "count": 2, "entries": ENTRIES}


@pytest.fixture
def terminal(monkeypatch):
    """Standard output is a terminal."""
    monkeypatch.setattr(logs_module, "sys", SimpleNamespace(stdout=SimpleNamespace(isatty=lambda: True)))


def test_every_option(ship, engine):
    """All of the original's options are sent as it sends them; those that are left out are not."""
    engine.answers["logs/list"] = FOUND
    ship("logs", "-w", "space", "-o", "5", "-n", "7", "-p", "greeter", "-i", "mine", "-v", "1.0.0",
         "--path", "greet", "-f", "level=ERROR,requestId=a=b")  # fmt: skip
    assert engine.payload("logs/list") == {
        "from": 5,
        "size": 7,
        "invocableHandle": "greeter",
        "invocableInstanceHandle": "mine",
        "invocableVersionHandle": "1.0.0",
        "invocablePath": "greet",
        "fieldValues": {"level": "ERROR", "requestId": "a=b"},
    }
    assert engine.requests[-1].headers["X-Workspace-Handle"] == "space"
    ship("logs", "--workspace", "space")
    assert engine.payload("logs/list") == {"from": 0, "size": 50}


def test_programs_get_json(ship, engine):
    """Where stdout is no terminal it is the whole answer, as the original prints it, with --json or without."""
    engine.answers["logs/list"] = FOUND
    assert ship("logs", "-w", "space").json() == FOUND
    assert ship("logs", "-w", "space", "--json").json() == FOUND


@pytest.mark.usefixtures("terminal")
def test_people_get_lines(ship, engine, monkeypatch):
    """On a terminal it is a line an entry, the newest last; what a package wrote commands no terminal."""
    engine.answers["logs/list"] = FOUND
    monkeypatch.setenv("NO_COLOR", "1")
    assert ship("logs", "-w", "space").out.splitlines() == [
        "2030-01-01T00:00:01.000Z INFO: starting",
        "2030-01-01T00:00:02.000Z ERROR   mine /greet: no [31mway",
    ]
    engine.answers["logs/list"] = {"from": 0, "count": 0, "entries": []}
    ran = ship("logs", "-w", "space")
    assert (ran.out, ran.err) == ("", "There is nothing in the logs that fits.\n")


@pytest.mark.parametrize("given", ["level", "=x", "a=b,,c=d"])
def test_wrong_fields(ship, engine, given):
    """Fields that are no name=value are wrong usage, and nothing is sent."""
    ran = ship("logs", "-w", "space", "-f", given)
    assert ran.code == 2
    assert "is not name=value" in ran.err
    assert engine.sent == []
