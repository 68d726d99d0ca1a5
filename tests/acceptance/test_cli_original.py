"""Our `ship` with what the original's had: projects on its SDK, its commands, its login."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path

from tests.acceptance.test_cli import handle, project, ship
from tests.services.command_line import CommandLine
from tests.services.original_command_line import approve
from tools import original

__all__ = ["handle", "ship"]

CODE = textwrap.dedent(
    """
    import logging

    from pydantic import Field
    from steamship.invocable import Config, PackageService, post


    class GreeterConfig(Config):
        greeting: str = Field("Hello", description="The first word.")


    class Greeter(PackageService):
        config: GreeterConfig

        @classmethod
        def config_cls(cls):
            return GreeterConfig

        @post("greet")
        def greet(self, name: str = "you") -> str:
            logging.warning("greeting %s", name)
            return f"{self.config.greeting}, {name}!"
    """
)


def original_project(folder: Path, handle: str, version: str = "1.0.0") -> Path:
    """A project for the original SDK, whose environment has it."""
    made = folder / handle
    (made / "src").mkdir(parents=True)
    (made / "src" / "api.py").write_text(CODE)
    (made / "requirements.txt").write_text("steamship==2.17.34\n")
    (made / ".venv").symlink_to(original.VENV)
    manifest = {"type": "package", "handle": handle, "version": version, "public": False}
    (made / "steamship.json").write_text(json.dumps(manifest))
    return made


def test_a_project_on_the_original_sdk(ship, original_python, tmp_path, handle):
    """`ship it` deploys it as original code with its own class's template; then it is used and invoked like any."""
    folder = original_project(tmp_path, handle)
    deployed = ship.done("it", handle).out
    assert "checked, on the original SDK: 1 config parameter" in deployed
    assert "original, for steamship 2" in deployed
    template = {"greeting": {"type": "string", "description": "The first word.", "default": "Hello"}}
    assert json.loads((folder / "steamship.json").read_text())["configTemplate"] == template
    assert ship.done("versions", handle, "--json").json()[0]["configTemplate"] == template
    ship.done("use", handle, f"{handle}-mine", "--config", "greeting=Ahoy")
    assert ship.done("invoke", f"{handle}-mine", "greet", "name=Ada").out == "Ahoy, Ada!\n"
    found = ship.done("logs", "-w", f"{handle}-mine", "-p", handle, "-f", "level=WARNING").json()
    assert [entry["message"] for entry in found["entries"]] == ["greeting Ada"]


def test_delete(ship, tmp_path, handle):
    """An instance goes alone, a workspace with all in it, and neither without a word of consent."""
    project(tmp_path, "greeter", handle)
    ship.done("deploy", handle)
    ship.done("use", handle, "one", "--workspace", handle)
    ship.done("use", handle, "two", "--workspace", handle)
    assert ship.tried("delete", "-w", handle).code == 2
    ship.done("delete", "-w", handle, "-i", "one", "--yes")
    left = ship.done("instances", "--workspace", handle, "--json").json()
    assert [instance["handle"] for instance in left] == ["two"]
    with ship.on_terminal("delete", "-w", handle) as terminal:
        terminal.until("[y/N]: ")
        terminal.type("y\n")
        terminal.until("is deleted.")
        assert terminal.end() == 0
    gone = ship.tried("delete", "-w", handle, "--yes")
    assert gone.code == 1
    assert f'"{handle}"' in gone.err


def test_info(ship, engine):
    """`info` and `support-info` tell the user and the engine, and no key."""
    for command in ("info", "support-info"):
        said = ship.done(command).out
        assert "admin" in said
        assert engine.api_base in said
        assert engine.key not in said


def test_login_by_the_page(engine, tmp_path, monkeypatch):
    """`ship login --browser` shows an address; once somebody approves there it has a key of its own."""
    monkeypatch.setenv("BROWSER", "true")  # a browser that does nothing
    line = CommandLine(tmp_path, tmp_path)
    with line.on_terminal("login", "--browser", "--api-base", engine.api_base) as terminal:
        terminal.until("with the code ")
        address = f"{engine.web_base}{terminal.until('version=3.0.0').rpartition(engine.web_base)[2]}"
        assert approve(address, engine.key).status_code == 200
        terminal.until("You are admin")
        assert terminal.end() == 0
    key = json.loads((tmp_path / ".steamship.json").read_text())["apiKey"]
    assert key != engine.key
    assert line.done("keys", "ls", "--json").json()[0]["name"] == "ship 3.0.0"
