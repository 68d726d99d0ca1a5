"""`ship limits`, `ship instances --workers` and `ship restart` against a real engine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.acceptance.conftest import StartEngine
from tests.services.command_line import CommandLine
from tests.services.engine import EngineProcess
from tests.services.sandboxes import own_number

API = """
import os
import time

from steamship.invocable import PackageService, post


class Sleeper(PackageService):
    @post("pid")
    def pid(self) -> int:
        return os.stat("/proc/self/ns/pid").st_ino % 2**28 << 22 | os.getpid()

    @post("sleep")
    def sleep(self) -> str:
        time.sleep(30)
        return "rested"

    @post("nap", timeout=0.2)
    def nap(self) -> str:
        time.sleep(30)
        return "rested"

    @post("long", timeout=60)
    def long(self) -> str:
        time.sleep(30)
        return "rested"
"""


def _line(engine: EngineProcess, folder: Path) -> CommandLine:
    """The command line of the engine's first user."""
    home = folder / "line"
    home.mkdir()
    line = CommandLine(home, folder)
    line.become(engine, engine.key)
    return line


def _deploy(ship: CommandLine, handle: str, version: str = "1.0.0", **fields: object) -> str:
    folder = ship.folder / handle
    folder.mkdir(exist_ok=True)
    (folder / "api.py").write_text(API)
    manifest = {"type": "package", "handle": handle, "version": version, "public": False, **fields}
    (folder / "steamship.json").write_text(json.dumps(manifest))
    done = ship.done("deploy", handle)
    return done.out + done.err


@pytest.fixture
def ship(engine: EngineProcess, tmp_path: Path) -> CommandLine:
    """The command line of the shared engine's first user."""
    return _line(engine, tmp_path)


def test_limits_are_capped_shown_and_enforced(start_engine: StartEngine, tmp_path: Path) -> None:
    """A deploy says what was capped, `ship limits` shows it, and the smallest of three times ends a call."""
    ship = _line(start_engine(caps="memory=512MB,timeout_s=0.4"), tmp_path)
    told = _deploy(ship, "sleeper", limits={"memory": "8 GiB", "timeout_s": 45, "cpu": 0.5})
    assert 'steamship.json asks for memory "8 GiB"; this engine allows "512 MB".' in told
    assert 'steamship.json asks for timeout_s "45"; this engine allows "0.4".' in told
    _deploy(ship, "sleeper", "1.0.1", limits={"timeout": 0.3})
    shown = ship.done("limits", "sleeper", "--version", "1.0.0")
    rows = {line.split()[0]: line for line in shown.out.splitlines()}
    assert shown.err == 'Version "1.0.0" of "sleeper":\n'
    assert "488.3 MiB" in rows["memory"]
    assert "8.0 GiB" in rows["memory"]
    assert ("0.4 s" in rows["timeout_s"], "45 s" in rows["timeout_s"]) == (True, True)
    told_as_json = {limit["name"]: limit for limit in ship.done("limits", "--json").json()}
    assert (told_as_json["memory"]["value"], told_as_json["memory"]["asked"]) == (512_000_000, None)
    ship.done("use", "sleeper", "capped", "--version", "1.0.0")
    ship.done("use", "sleeper", "lower")
    for instance, method, seconds in (
        ("capped", "sleep", "0.4"),
        ("capped", "long", "0.4"),
        ("capped", "nap", "0.2"),
        ("lower", "sleep", "0.3"),
    ):
        late = ship.tried("invoke", instance, method)
        assert late.code == 1
        assert f'"{seconds}" seconds' in late.err


def test_wrong_limits_never_leave_the_desk(ship: CommandLine) -> None:
    """`ship deploy` names what is wrong, and no package is made."""
    with pytest.raises(AssertionError, match=r'"limits" has "memroy".*did you mean "memory"'):
        _deploy(ship, "workers-wrong", limits={"memroy": "1 GiB"})
    assert ship.tried("versions", "workers-wrong").code == 1


def test_a_restart_gives_the_next_call_a_new_process(ship: CommandLine) -> None:
    """The worker is seen idle with its calls; after a restart the instance sleeps, and its next call is a new process's."""
    _deploy(ship, "workers-restart")
    ship.done("use", "workers-restart", "workers-one")
    ship.done("use", "workers-restart", "workers-two")
    first = ship.done("invoke", "workers-one", "pid").out

    def seen(*words: str) -> dict[str, list[str]]:
        lines = ship.done("instances", "--workers", *words).out.splitlines()[1:]
        return {line.split()[0]: line.split() for line in lines if line.startswith("workers-")}

    assert seen()["workers-one"][3] == "idle"
    assert seen()["workers-one"][7] == "1"
    assert seen()["workers-two"][3:] == ["asleep", "-", "-", "-", "-"]
    assert list(seen("--workspace", "workers-two")) == ["workers-two"]
    told = {each["handle"]: each["workers"] for each in ship.done("instances", "--workers", "--json").json()}
    assert [own_number(worker["pid"]) for worker in told["workers-one"]] == [int(first)]
    put_down = ship.done("restart", "workers-one").out
    assert put_down == '"workers-one": 1 worker put down; its next call starts a new one.\n'
    assert seen()["workers-one"][3] == "asleep"
    assert (
        ship.done("restart", "workers-one").out == '"workers-one" is asleep; its next call starts a worker.\n'
    )
    assert ship.done("invoke", "workers-one", "pid").out != first
    every = ship.done("restart", "--all", "--package", "workers-restart", "--json").json()
    assert {done["instanceHandle"]: done["workers"] for done in every} == {"workers-one": 1, "workers-two": 0}


def test_an_unknown_instance_is_named(ship: CommandLine) -> None:
    """`ship restart` of what is not there says so, and how to make it."""
    refused = ship.tried("restart", "workers-nobody")
    assert refused.code == 1
    assert 'You have no instance "workers-nobody" in the workspace "workers-nobody".' in refused.err
