"""`ship` on a real terminal: what it asks, what it hides, and Ctrl-C."""

from __future__ import annotations

import json

from tests.acceptance.test_cli import handle, project, ship
from tests.services.command_line import CommandLine

__all__ = ["handle", "ship"]


def test_deploy_without_a_manifest(ship, tmp_path, handle):
    """On a terminal the manifest is made from answers; one that does not fit is asked for again."""
    folder = project(tmp_path, "greeter", handle)
    (folder / "steamship.json").unlink()
    with ship.on_terminal("deploy", handle) as terminal:
        assert f"[{handle}]" in terminal.until("]: ")
        terminal.type("No Good\n")
        terminal.until("must be 1-64 lower-case letters")
        terminal.until("]: ")
        terminal.type("\n")
        terminal.until("Version [1.0.0]: ")
        terminal.type("\n")
        terminal.until("in a line")
        terminal.type("It greets.\n")
        terminal.until("[y/N]: ")
        terminal.type("y\n")
        terminal.until(f"Next: ship use {handle}")
        assert terminal.end() == 0
    manifest = json.loads((folder / "steamship.json").read_text())
    assert manifest == {
        "type": "package",
        "handle": handle,
        "version": "1.0.0",
        "description": "It greets.",
        "public": True,
        "steamshipRegistry": {"tags": []},
    }
    assert len(ship.done("versions", handle, "--json").json()) == 1


def test_taken_version_is_asked_for(ship, tmp_path, handle):
    """On a terminal the next version is offered, and noted in the manifest."""
    folder = project(tmp_path, "greeter", handle)
    ship.done("deploy", handle)
    with ship.on_terminal("deploy", handle) as terminal:
        terminal.until("Deploy as [1.0.1]: ")
        terminal.type("\n")
        terminal.until(f"deployed {handle} 1.0.1")
        assert terminal.end() == 0
    assert json.loads((folder / "steamship.json").read_text())["version"] == "1.0.1"


def test_login_hides_the_key(engine, tmp_path):
    """On a terminal the key is asked for and never shown; a second login asks before it replaces."""
    line = CommandLine(tmp_path, tmp_path)
    with line.on_terminal("login", "--api-base", engine.api_base) as terminal:
        terminal.until("API key: ")
        terminal.type(f"{engine.key}\n")
        terminal.until("You are ")
        assert terminal.end() == 0
        assert engine.key not in terminal.shown
    before = (tmp_path / ".steamship.json").read_text()
    with line.on_terminal("login") as terminal:
        terminal.until("Replace it? [Y/n]: ")
        terminal.type("n\n")
        terminal.until("Nothing was changed.")
        assert terminal.end() == 1
    assert (tmp_path / ".steamship.json").read_text() == before


def test_interrupted_prompt(ship, tmp_path, handle):
    """Ctrl-C at a question ends with 130, and nothing is made."""
    folder = project(tmp_path, "greeter", handle)
    (folder / "steamship.json").unlink()
    with ship.on_terminal("deploy", handle) as terminal:
        terminal.until("]: ")
        assert terminal.interrupt() == 130
        assert "Traceback" not in terminal.shown
    assert not (folder / "steamship.json").exists()


def test_interrupted_deploy(ship, tmp_path, handle):
    """Ctrl-C while the code is checked ends with 130, and leaves no process behind."""
    project(tmp_path, "hangs_on_import", handle)
    with ship.on_terminal("deploy", handle) as terminal:
        terminal.until("checking the code here")
        assert terminal.interrupt() == 130
        assert "Traceback" not in terminal.shown


def test_answers_on_a_terminal(ship, tmp_path, handle):
    """On a terminal JSON is indented, and bytes are refused with the option that helps."""
    project(tmp_path, "returns", handle)
    ship.done("deploy", handle)
    ship.done("use", handle)
    with ship.on_terminal("invoke", handle, "json", 'value:={"a": [1]}') as terminal:
        terminal.until('{\r\n  "a": [')
        assert terminal.end() == 0
    with ship.on_terminal("invoke", handle, "bytes") as terminal:
        terminal.until("-o FILE")
        assert terminal.end() == 2
        assert "PNG" not in terminal.shown


def test_no_color(ship, monkeypatch):
    """Errors are coloured on a terminal, and plain with NO_COLOR."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    with ship.on_terminal("nope") as terminal:
        assert terminal.end() == 2
        assert "\x1b[31m" in terminal.shown
    monkeypatch.setenv("NO_COLOR", "1")
    with ship.on_terminal("nope") as terminal:
        assert terminal.end() == 2
        assert "\x1b[31m" not in terminal.shown
