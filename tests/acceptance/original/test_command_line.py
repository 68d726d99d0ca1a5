"""The original `ship` of 2.17.34, in a terminal, against the engine."""

from __future__ import annotations

import itertools
import json
import textwrap
from pathlib import Path

import httpx
import pytest

from tests.services.deploying import Api
from tests.services.engine import EngineProcess
from tests.services.original_command_line import OriginalCommandLine, answer, approve

_letters = itertools.product("abcdefghijklmnopqrstuvwxyz", repeat=2)

CODE = textwrap.dedent(
    '''
    import logging

    from pydantic import Field
    from steamship.invocable import Config, PackageService, post


    class GreeterConfig(Config):
        greeting: str = Field("Hello", description="The first word.")
        times: int


    class Greeter(PackageService):
        """Greets."""

        config: GreeterConfig

        @classmethod
        def config_cls(cls):
            return GreeterConfig

        @post("greet")
        def greet(self, name: str) -> str:
            logging.info("greeting %s", name)
            return ", ".join([self.config.greeting] * self.config.times) + f", {name}!"
    '''
)


@pytest.fixture
def line(engine: EngineProcess, original_python: Path, tmp_path: Path) -> OriginalCommandLine:
    """The original's command line, with the key of the engine's first user, in an empty folder."""
    for name in ("home", "project"):
        (tmp_path / name).mkdir()
    made = OriginalCommandLine(original_python, engine, tmp_path / "home", tmp_path / "project")
    made.become(engine.key)
    return made


@pytest.fixture
def handle() -> str:
    """A package handle of the test's own: the original's questions admit letters and dashes."""
    return "old-ship-" + "".join(next(_letters))


def project(folder: Path, handle: str) -> None:
    """Write a whole project of the original's."""
    (folder / "src").mkdir()
    (folder / "src" / "api.py").write_text(CODE)
    (folder / "requirements.txt").write_text("steamship==2.17.34\n")
    (folder / "steamship.json").write_text(json.dumps(manifest(handle)))


def manifest(handle: str) -> dict[str, object]:
    """What such a project says of itself."""
    return {
        "type": "package",
        "handle": handle,
        "version": "0.0.1",
        "public": False,
        "steamshipRegistry": {"tags": []},
    }


def test_login(engine, line, api) -> None:
    """It opens the approve page, waits for a key of the user's, and stores a key of its own named after it."""
    with line.start("login") as terminal:
        answer(terminal, ("[y/N]", "y"))
        address = line.opened()
        page = httpx.get(address, trust_env=False)
        assert "pycli 0.0.1" in page.text
        assert approve(address, "not a key").status_code == 401
        assert approve(address, engine.key).status_code == 200
        terminal.until("logged in with user handle: admin")
        assert terminal.end() == 0, terminal.shown
    assert line.key != engine.key
    mine = Api(engine.api_base, line.key)
    assert mine("account/current")["user"]["handle"] == "admin"
    mine.close()
    assert api("key/list")["keys"][0]["name"] == "pycli 0.0.1"
    with line.start("login") as terminal:
        answer(terminal, ("[y/N]", "n"))
        assert terminal.end() == 0, terminal.shown


def test_who_is_asking(engine, line, api) -> None:
    """`info` and `support-info` name the user."""
    user = api("account/current")["user"]
    said = line.done("info")
    assert user["handle"] in said
    assert user["id"] in said
    assert user["id"] in line.done("support-info")


def test_deploy_from_nothing(engine, line, api, handle) -> None:
    """It makes the manifest from answers and deploys; the engine keeps the template that it sends."""
    (line.folder / "api.py").write_text(CODE)
    with line.start("deploy") as terminal:
        answer(
            terminal,
            ("package or a plugin?", ""),
            ("What handle", handle),
            ("to be public?", "n"),
            ("author name?", ""),
            ("some tags?", ""),
            ("create one automatically?", ""),
        )
        terminal.until(f"{engine.web_base}packages/{handle}")
        assert terminal.end() == 0, terminal.shown
    assert (line.folder / "requirements.txt").read_text() == "steamship==2.17.34\n"
    version = api("package/version/get", {"packageHandle": handle, "handle": "0.0.1"})["packageVersion"]
    assert version["configTemplate"] == {
        "greeting": {"type": "string", "description": "The first word.", "default": "Hello"},
        "times": {"type": "number"},
    }


def test_a_version_that_exists(line, api, handle) -> None:
    """A second deploy of one version asks for another handle, and deploys that.

    Two folders' files of one name are two entries of one name in the original's archive.
    """
    project(line.folder, handle)
    for folder in ("src", "docs"):
        (line.folder / folder).mkdir(exist_ok=True)
        (line.folder / folder / "README.md").write_text(f"# {folder}")
    line.done("it")
    with line.start("deploy") as terminal:
        answer(terminal, ("already been deployed", ""), ("new version be?", "0.0.2"))
        assert terminal.end() == 0, terminal.shown
    versions = api("package/version/list", {"packageHandle": handle})["packageVersions"]
    assert [version["handle"] for version in versions] == ["0.0.2", "0.0.1"]


@pytest.mark.parametrize("public", [False, True])
def test_a_handle_that_is_taken(engine, line, api, handle, second_user, public) -> None:
    """A handle that is another user's, private or public, is asked for again; theirs stays as it was."""
    theirs = Api(engine.api_base, second_user.key)
    theirs("package/create", {"handle": handle, "isPublic": public, "description": "theirs"})
    project(line.folder, handle)
    with line.start("deploy") as terminal:
        answer(terminal, ("already in use", ""), ("What handle", f"{handle}-mine"))
        assert terminal.end() == 0, terminal.shown
    assert api("package/get", {"handle": f"{handle}-mine"})["package"]["handle"] == f"{handle}-mine"
    assert theirs("package/get", {"handle": handle})["package"]["description"] == "theirs"
    theirs.close()


def test_a_bad_import(line, api, handle) -> None:
    """A module that the engine does not find is told in the words that the original looks for."""
    project(line.folder, handle)
    (line.folder / "src" / "api.py").write_text(f"import only_here\n{CODE}")
    (line.folder / "src" / "only_here").mkdir()
    (line.folder / "src" / "only_here" / "__init__.py").write_text("")
    written = manifest(handle) | {"build_config": {"ignore": ["only_here"]}}
    (line.folder / "steamship.json").write_text(json.dumps(written))
    with line.start("deploy") as terminal:
        terminal.until("Server returned message: ")
        terminal.until("No module named 'only_here'")
        terminal.until("requirements.txt")
        assert terminal.end() == 1, terminal.shown


def test_use_logs_delete(engine, line, api, handle) -> None:
    """`use` asks for what config lacks and shows the address; `logs` shows what it printed; `delete` ends it."""
    project(line.folder, handle)
    line.done("deploy")
    with line.start("use", "-w", handle, "-i", "mine") as terminal:
        answer(terminal, ("Value for times", "2"))
        assert terminal.end() == 1, terminal.shown
        assert "configuration for this Package instance was invalid" in terminal.shown
    said = line.done("use", "-w", handle, "-i", "mine", "-c", '{"times": 2}')
    address = f"{engine.app_base}@admin/{handle}/mine/"
    assert f"API URL: {address}" in said
    greeted = httpx.post(
        f"{address}greet",
        json={"name": "Ada"},
        headers={"authorization": f"Bearer {engine.key}"},
        trust_env=False,
        timeout=60,
    )
    assert greeted.text == "Hello, Hello, Ada!"
    said = json.loads(
        line.done("logs", "-w", handle, "-p", handle, "-i", "mine", "-n", "10", "-f", "level=INFO")
    )
    assert "greeting Ada" in [entry["message"] for entry in said["entries"]]
    assert said["count"] >= 1
    line.done("delete", "-w", handle, "-i", "mine", "--yes")
    inside = {"X-Workspace-Handle": handle}
    assert api("package/instance/list", {}, headers=inside)["packageInstances"] == []
    with line.start("delete", "-w", handle) as terminal:
        answer(terminal, ("Proceed? [y/N]", "y"))
        assert terminal.end() == 0, terminal.shown
    assert handle not in [each["handle"] for each in api("workspace/list")["workspaces"]]
