"""The installed `ship` command against a real engine."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import stat
from pathlib import Path

import pytest

from tests.services.command_line import CommandLine
from tests.services.engine import EngineProcess, EngineUser
from tools.stamps import ROOT

PACKAGES = ROOT / "tests" / "packages"
_numbers = itertools.count(1)


@pytest.fixture
def ship(engine: EngineProcess, tmp_path: Path) -> CommandLine:
    """The command line of the engine's first user."""
    return logged_in(engine, engine.key, tmp_path)


@pytest.fixture
def handle() -> str:
    """A package handle that nobody has."""
    return f"cli-{os.getpid()}-{next(_numbers)}"


def logged_in(engine: EngineProcess, key: str, folder: Path) -> CommandLine:
    home = folder / f"home-{next(_numbers)}"
    home.mkdir()
    line = CommandLine(home, folder)
    line.become(engine, key)
    return line


def project(folder: Path, name: str, handle: str, version: str = "1.0.0", **fields: object) -> Path:
    """A copy of one of the tests' packages, with a manifest."""
    made = folder / handle
    shutil.copytree(PACKAGES / name, made, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
    manifest = {"type": "package", "handle": handle, "version": version, "public": False, **fields}
    (made / "steamship.json").write_text(json.dumps(manifest))
    return made


def test_from_login_to_invoke(ship, engine, tmp_path, handle):
    """The path of the README: deploy, use, invoke; each command tells the next one."""
    shutil.copytree(ROOT / "examples" / "greeter", tmp_path / handle)
    deployed = ship.done("deploy", handle, "--handle", handle).out
    assert f"deployed {handle} 1.0.0 in " in deployed
    assert "native, for steamship 3: requirements.txt does not name steamship" in deployed
    assert deployed.endswith(f"Next: ship use {handle}\n")
    used = ship.done("use", handle, f"{handle}-mine").out
    assert f"{engine.app_base}@" in used
    greeted = ship.done("invoke", f"{handle}-mine", "greet", "name=Beautiful")
    assert (greeted.out, greeted.err) == ("Hello, Beautiful!\n", "")


def test_config(ship, tmp_path, handle):
    """`--config` reaches the instance; a wrong one is refused by the parameter's name."""
    shutil.copytree(ROOT / "examples" / "greeter", tmp_path / handle)
    ship.done("deploy", handle, "--handle", handle)
    ship.done("use", handle, f"{handle}-sailor", "--config", "greeting=Ahoy")
    assert ship.done("invoke", f"{handle}-sailor", "greet").out == "Ahoy, you!\n"
    again = ship.done("use", handle, f"{handle}-sailor", "--json").json()
    assert again["config"] == {"greeting": "Ahoy"}
    refused = ship.tried("use", handle, f"{handle}-other", "--config", "nope=1")
    assert refused.code == 1
    assert "Configuration for this PackageInstance is invalid." in refused.err
    assert '"nope"' in refused.err


def test_lists(ship, tmp_path, handle):
    """What was deployed and used is in the lists, for people and for programs."""
    project(tmp_path, "greeter", handle, description="Said in tests.")
    made = ship.done("deploy", handle, "--json").json()
    ship.done("deploy", handle, "--version", "1.1.0")
    instance = ship.done("use", handle, "--version", "1.0.0", "--json").json()
    versions = ship.done("versions", handle, "--json").json()
    assert [version["handle"] for version in versions] == ["1.1.0", "1.0.0"]
    assert versions[1]["id"] == made["id"] == instance["packageVersionId"]
    assert ship.done("versions", handle).out.splitlines()[1].split()[0] == "1.1.0"
    assert handle in [package["handle"] for package in ship.done("packages", "--json").json()]
    assert [handle, "you"] in [line.split()[:2] for line in ship.done("packages").out.splitlines()]
    (listed,) = ship.done("instances", "--workspace", handle, "--json").json()
    assert listed["id"] == instance["id"]
    assert listed["id"] in [each["id"] for each in ship.done("instances", "--json").json()]


def test_versions_are_not_burnt(ship, tmp_path, handle):
    """A deploy that fails in the engine shows its message and takes no version; the mended code takes it."""
    folder = project(tmp_path, "greeter", handle)
    good = (folder / "api.py").read_text()
    (folder / "requirements.txt").write_text("no-such-distribution-at-all==1\n")
    (folder / "api.py").write_text(f"import not_there_at_all\n{good}")
    failed = ship.tried("deploy", handle)
    assert failed.code == 1
    assert "the engine decides" in failed.out
    assert "no-such-distribution-at-all" in failed.err
    assert "site-packages" not in failed.err
    assert ship.done("versions", handle, "--json").json() == []
    (folder / "requirements.txt").unlink()
    (folder / "api.py").write_text(good)
    ship.done("deploy", handle)
    assert [version["handle"] for version in ship.done("versions", handle, "--json").json()] == ["1.0.0"]


def test_import_that_fails_in_the_engine_alone(ship, tmp_path, handle):
    """A module that is there on the desk alone fails the deploy with the engine's message."""
    folder = project(tmp_path, "greeter", handle)
    source = (folder / "api.py").read_text()
    (folder / "api.py").write_text(f"import pytest\n{source}")
    failed = ship.tried("deploy", handle)
    assert failed.code == 1
    assert "checked:" in failed.out
    assert "No module named 'pytest'" in failed.err


def test_mistakes_never_leave_the_desk(ship, tmp_path, handle):
    """What the local check finds is told by place, and the engine hears nothing of it."""
    project(tmp_path, "syntax_error", handle)
    failed = ship.tried("deploy", handle)
    assert failed.code == 1
    assert "api.py:" in failed.err
    assert handle not in [package["handle"] for package in ship.done("packages", "--json").json()]


def test_taken_version(ship, tmp_path, handle):
    """A version that exists is refused with the flag that helps; --yes takes the next and notes it."""
    folder = project(tmp_path, "greeter", handle)
    ship.done("deploy", handle)
    refused = ship.tried("deploy", handle)
    assert refused.code == 1
    assert "`ship deploy --version 1.0.1`" in refused.err
    ship.done("deploy", handle, "--yes")
    assert json.loads((folder / "steamship.json").read_text())["version"] == "1.0.1"


def test_two_users(ship, engine, second_user: EngineUser, tmp_path, handle):
    """Another user's package handle is refused, whether it is private or public, and private ones are not seen."""
    other = logged_in(engine, second_user.key, tmp_path)
    for visibility in ("private", "public"):
        name = f"{handle}-{visibility}"
        project(tmp_path, "greeter", name)
        ship.done("deploy", name, f"--{visibility}")
        refused = other.tried("deploy", name, "--version", "9")
        assert refused.code == 1
        assert f'"{name}" belongs to another user' in refused.err
    seen = [package["handle"] for package in other.done("packages", "--json").json()]
    assert f"{handle}-public" in seen
    assert f"{handle}-private" not in seen
    assert other.tried("use", f"{handle}-private").code == 1
    other.done("use", f"{handle}-public")
    assert other.tried("invoke", f"{handle}-public", "greet").out


def test_visibility_follows_the_manifest(ship, engine, second_user: EngineUser, tmp_path, handle):
    """A package becomes public with the deploy that says so."""
    other = logged_in(engine, second_user.key, tmp_path)
    project(tmp_path, "greeter", handle)
    ship.done("deploy", handle)
    assert other.tried("versions", handle).code == 1
    ship.done("deploy", handle, "--version", "2", "--public")
    assert len(other.done("versions", handle, "--json").json()) == 2


def test_every_kind_of_answer(ship, tmp_path, handle):
    """Text, JSON, nothing and bytes come out as what they are."""
    folder = tmp_path / handle
    folder.mkdir()
    (folder / "api.py").write_text(
        "from steamship.invocable import InvocableResponse, PackageService, get, post\n"
        "class Kinds(PackageService):\n"
        "    @post('text')\n"
        "    def text(self, n: int = 1) -> str: return 'ä' * n\n"
        "    @post('none')\n"
        "    def none(self): return None\n"
        "    @get('tree')\n"
        "    def tree(self, q: str = '') -> dict: return {'q': q, 'status': 'fine'}\n"
        "    @post('picture')\n"
        "    def picture(self) -> bytes: return bytes(range(256))\n"
        "    @post('fails')\n"
        "    def fails(self): raise KeyError('gone')\n"
    )
    ship.done("deploy", handle, "--handle", handle, "--version", "1", "--private")
    ship.done("use", handle)
    assert ship.done("invoke", handle, "text", "n=3").out == "äää\n"
    assert ship.done("invoke", handle, "none").out == "null\n"
    assert ship.done("invoke", handle, "tree", "q=a b", "--get").json() == {"q": "a b", "status": "fine"}
    assert ship.done("invoke", handle, "picture").out.encode("utf-8", "surrogateescape") == bytes(range(256))
    ship.done("invoke", handle, "picture", "-o", "picture.bin")
    assert (tmp_path / "picture.bin").read_bytes() == bytes(range(256))
    failed = ship.tried("invoke", handle, "fails")
    assert failed.code == 1
    assert "KeyError" in failed.err
    assert "steamship/cli" not in failed.err
    assert "No handler for POST /nope available." in ship.tried("invoke", handle, "nope").err
    assert '"m"' in ship.tried("invoke", handle, "text", "m=1").err


def test_source_folder_and_secrets(ship, tmp_path, handle):
    """Code and secrets in `src/` are found by the engine."""
    folder = tmp_path / handle
    (folder / "src" / ".steamship").mkdir(parents=True)
    (folder / "src" / ".steamship" / "secrets.toml").write_text('word = "hush"\n')
    (folder / "src" / "api.py").write_text(
        "from steamship.invocable import Config, PackageService, post\n"
        "class Settings(Config):\n"
        "    word: str\n"
        "class Secretive(PackageService):\n"
        "    config: Settings\n"
        "    @classmethod\n"
        "    def config_cls(cls): return Settings\n"
        "    @post('length')\n"
        "    def length(self) -> int: return len(self.config.word)\n"
    )
    ship.done("deploy", handle, "--handle", handle, "--version", "1", "--private")
    ship.done("use", handle)
    assert ship.done("invoke", handle, "length").json() == 4


def test_keys(ship, engine, tmp_path, handle):
    """A key that was made works for whoever logs in with it, until it is revoked."""
    key = ship.done("keys", "create", handle, "--expires", "1d").out.strip()
    (tmp_path / "home").mkdir()
    other = CommandLine(tmp_path / "home", tmp_path)
    other.done("login", "--api-base", engine.api_base, stdin=key)
    assert other.done("whoami", "--json").json()["id"] == ship.done("whoami", "--json").json()["id"]
    assert key not in ship.done("keys", "ls").out
    ship.done("keys", "revoke", handle)
    assert other.tried("whoami").code == 1


def test_key_of_one_workspace(ship, engine, tmp_path, handle):
    """A key of one workspace reaches its instance and nothing of the account."""
    project(tmp_path, "greeter", handle)
    ship.done("deploy", handle)
    ship.done("use", handle)
    key = ship.done("keys", "create", handle, "--workspace", handle).out.strip()
    refused = ship.tried("login", "--api-base", engine.api_base, stdin=key)
    assert refused.code == 1
    assert "Cannot use a workspace-scoped key" in refused.err
    scoped = logged_in(engine, key, tmp_path)
    assert scoped.done("invoke", handle, "greet", "name=x").out
    assert scoped.tried("whoami").code == 1
    assert scoped.tried("keys", "ls").code == 1


def test_login(engine, tmp_path):
    """What login stores is readable by its owner alone; a wrong key changes nothing, and is not shown."""
    line = CommandLine(tmp_path, tmp_path)
    line.done("login", "--api-base", engine.api_base, stdin=engine.key)
    path = tmp_path / ".steamship.json"
    before = path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert json.loads(before)["appBase"] == engine.app_base
    refused = line.tried("login", "--api-base", engine.api_base, stdin="x" * 40)
    assert refused.code == 1
    assert "x" * 40 not in refused.out + refused.err
    assert path.read_text() == before


def test_plain_when_piped(ship, tmp_path, handle):
    """Where no person looks there are no colours and nothing moves."""
    project(tmp_path, "greeter", handle)
    for done in (ship.done("deploy", handle), ship.done("packages"), ship.done("--help"), ship.tried("nope")):
        assert "\x1b" not in done.out + done.err
        assert "\r" not in done.out + done.err


def test_closed_pipe(ship):
    """`ship packages | head -0` ends without a word about the pipe."""
    import subprocess

    from tests.services.command_line import SHIP

    process = subprocess.Popen(
        [SHIP, "packages", "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ship.environ
    )
    assert process.stdout is not None
    process.stdout.close()
    _, err = process.communicate(timeout=60)
    assert err == b""
