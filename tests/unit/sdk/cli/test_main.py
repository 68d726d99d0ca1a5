"""The entry point: finding commands, and how failures end."""

from __future__ import annotations

import importlib.metadata
import json
from unittest.mock import patch

import click
import pytest

from steamship.cli import main
from tests.unit.sdk.cli.conftest import failed


def test_help_lists_every_command(ship):
    """`ship --help` names all commands, the engine's too, and ends with 0."""
    ran = ship("--help")
    assert ran.code == 0
    for name in [*main.COMMANDS, *main.ENGINE_COMMANDS]:
        assert f"\n  {name} " in ran.out
    assert ship().out == ran.out


@pytest.mark.parametrize("name", main.COMMANDS)
def test_every_command_loads(ship, name):
    """Each command of the table can be loaded and describes itself, with --json and --profile."""
    ran = ship(name, "--help")
    assert ran.code == 0
    assert f"Usage: ship {name}" in ran.out
    if name != "keys":
        assert "--json" in ran.out
        assert "--profile" in ran.out


def test_unknown_command(ship):
    """A mistyped command is wrong usage and names the one that was meant."""
    ran = ship("depoly")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == 'Error: There is no command "depoly". Did you mean `ship deploy`?\n'


def test_command_that_is_like_none(ship):
    """A command like no other points to the help."""
    assert "`ship --help` lists them" in ship("qqqqqq").err


def test_wrong_option(ship):
    """An unknown option is wrong usage: two lines, exit code 2."""
    ran = ship("whoami", "--jsom")
    assert ran.code == 2
    assert ran.err.splitlines()[-1] == "`ship whoami --help` shows how it is used."
    assert "--jsom" in ran.err


def test_missing_argument(ship):
    """A missing argument is wrong usage and is named."""
    ran = ship("versions")
    assert ran.code == 2
    assert '"PACKAGE"' in ran.err


def test_group_without_subcommand(ship):
    """`ship keys` alone is wrong usage and shows the help of keys."""
    ran = ship("keys")
    assert ran.code == 2
    assert "revoke" in ran.err


@pytest.mark.parametrize("name", main.ENGINE_COMMANDS)
def test_engine_not_installed(ship, monkeypatch, name):
    """Without the engine, its commands say how it is installed."""
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda **_: ())
    ran = ship(name)
    assert ran.code == 1
    assert "`pip install steamship-engine`" in ran.err


def test_engine_command_from_entry_point(ship, monkeypatch):
    """`ship serve` runs what the engine's entry point names, and only when it is asked for."""

    class Point:
        def load(self):
            return click.Command("serve", callback=lambda: click.echo("served"))

    monkeypatch.setattr(
        importlib.metadata, "entry_points", lambda **wanted: (Point(),) if wanted["name"] == "serve" else ()
    )
    assert ship("serve").out == "served\n"


def test_version(ship):
    """`ship --version` tells the version of the installed distribution."""
    assert ship("--version").out == f"ship {importlib.metadata.version('steamship')}\n"


def test_engine_error(ship, engine):
    """An error of the engine is its message and its suggestion, exit code 1."""
    engine.answers["package/list"] = failed("It does not work.", "Busy", "Wait a little.", 429)
    ran = ship("packages")
    assert (ran.code, ran.out, ran.err) == (1, "", "Error: It does not work.\nWait a little.\n")


def test_engine_error_as_json(ship, engine):
    """With --json an error is one JSON object on stderr, and stdout stays empty."""
    engine.answers["package/list"] = failed("It does not work.", "Busy", "Wait a little.", 429)
    ran = ship("packages", "--json")
    assert (ran.code, ran.out) == (1, "")
    assert json.loads(ran.err) == {
        "error": {"message": "It does not work.", "suggestion": "Wait a little.", "code": "Busy"}
    }


def test_no_key(ship, monkeypatch):
    """Without a key, `ship login` is named."""
    monkeypatch.delenv("STEAMSHIP_API_KEY")
    ran = ship("whoami")
    assert ran.code == 1
    assert ran.err.endswith("\nRun `ship login`.\n")


def test_unexpected_error_shows_no_traceback(ship, engine):
    """A mistake of ours is told in two lines; the traceback comes with --debug alone."""
    engine.answers["package/list"] = lambda _payload: 1 / 0
    ran = ship("packages")
    assert ran.code == 1
    assert "ZeroDivisionError" in ran.err
    assert "Traceback" not in ran.err
    assert "--debug" in ran.err
    assert "Traceback" in ship("packages", "--debug").err
    assert "Traceback" in ship("--debug", "packages").err


def test_interrupt(ship, engine):
    """Ctrl-C ends with 130 and one word."""

    def interrupt(_payload):
        raise KeyboardInterrupt

    engine.answers["package/list"] = interrupt
    ran = ship("packages")
    assert ran.code == 130
    assert ran.err.strip() == "Interrupted."


def test_closed_pipe(ship, engine):
    """A reader that has gone away is no error to talk about."""
    engine.answers["package/list"] = {"packages": []}
    with (
        patch("steamship.cli.listings.remark", side_effect=BrokenPipeError),
        patch("steamship.cli.main._drop_output"),
    ):
        ran = ship("packages")
    assert (ran.code, ran.err) == (1, "")


def test_profile_before_and_after_the_command(ship, engine, home, monkeypatch):
    """--profile may stand before the command or after it."""
    monkeypatch.delenv("STEAMSHIP_API_KEY")
    (home / ".steamship.json").write_text(json.dumps({"profiles": {"work": {"apiKey": "work-key"}}}))
    for arguments in (("--profile", "work", "whoami"), ("whoami", "--profile", "work")):
        assert ship(*arguments).code == 0
        assert engine.requests[-1].headers["Authorization"] == "Bearer work-key"


def test_foreign_text_does_not_command_the_terminal(ship, engine):
    """Control characters in an error's message are not passed on."""
    engine.answers["package/list"] = failed("Red \x1b[31malert\nsecond line", "Busy")
    assert ship("packages").err == "Error: Red [31malert\nsecond line\n"
