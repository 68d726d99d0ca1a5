"""`ship use`."""

from __future__ import annotations

import pytest

from tests.unit.sdk.cli.conftest import failed

INSTANCE = {
    "id": "I1",
    "handle": "my-handle",
    "packageHandle": "greeter",
    "packageVersionHandle": "1.0.0",
    "workspaceId": "W1",
    "workspaceHandle": "my-handle",
    "invocationURL": "http://engine.test/@ada/my-handle/my-handle/",
    "initStatus": "notNeeded",
    "config": {},
}


@pytest.fixture
def engine(engine):
    """An engine that gives the instance."""
    engine.answers["package/instance/create"] = {"packageInstance": INSTANCE}
    return engine


def test_use(ship, engine):
    """The instance is asked for in a workspace of its own handle, in one call, and its address is told."""
    ran = ship("use", "greeter", "my-handle")
    assert ran.code == 0
    assert engine.called() == ["package/instance/create"]
    sent = engine.payload("package/instance/create")
    assert {name: sent.get(name) for name in ("packageHandle", "handle", "workspaceHandle", "config")} == {
        "packageHandle": "greeter",
        "handle": "my-handle",
        "workspaceHandle": "my-handle",
        "config": None,
    }
    assert "http://engine.test/@ada/my-handle/my-handle/" in ran.out
    assert "ship invoke my-handle" in ran.out


def test_json(ship, engine):
    """With --json the instance is printed by its wire names."""
    found = ship("use", "greeter", "my-handle", "--json").json()
    assert {name: found[name] for name in INSTANCE} == INSTANCE


def test_defaults_and_options(ship, engine):
    """The handle is the package's by default; version, workspace and config are passed on."""
    ship("use", "greeter")
    assert engine.payload("package/instance/create")["handle"] == "greeter"
    ship(
        "use",
        "greeter",
        "x",
        "--version",
        "1.2",
        "--workspace",
        "w",
        "--config",
        '{"a": 1}',
        "--config",
        "b:=2",
    )
    sent = engine.payload("package/instance/create")
    assert (sent["packageVersionHandle"], sent["workspaceHandle"], sent["config"]) == (
        "1.2",
        "w",
        {"a": 1, "b": 2},
    )


def test_text_config_follows_the_template(ship, engine):
    """`name=text` becomes a number where the version's template wants one."""
    template = {"times": {"type": "number"}, "word": {"type": "string"}}
    engine.answers["package/version/get"] = {"packageVersion": {"configTemplate": template}}
    assert ship("use", "greeter", "--config", "times=3", "--config", "word=3", "--version", "2").code == 0
    assert engine.payload("package/version/get") == {"packageHandle": "greeter", "handle": "2"}
    assert engine.payload("package/instance/create")["config"] == {"times": 3, "word": "3"}


def test_failed_init(ship, engine):
    """An init that failed is a failure of the command, with its message."""
    engine.answers["package/instance/create"] = {
        "packageInstance": {**INSTANCE, "initStatus": "failed", "initMessage": "No disk."}
    }
    ran = ship("use", "greeter", "my-handle")
    assert ran.code == 1
    assert "No disk." in ran.err


def test_refused(ship, engine):
    """What the engine refuses is told in its words."""
    engine.answers["package/instance/create"] = failed("There is no package.", "NotFound", "Look.", 404)
    ran = ship("use", "nope")
    assert (ran.code, ran.err) == (1, "Error: There is no package.\nLook.\n")


def test_of_this_folder(ship, engine, tmp_path, monkeypatch):
    """Without a package it is the one, and the version, of the folder's manifest; the original's options are known."""
    monkeypatch.chdir(tmp_path)
    ran = ship("use")
    assert ran.code == 2
    assert 'a "steamship.json"' in ran.err
    (tmp_path / "steamship.json").write_text('{"handle": "greeter", "version": "1.2.0"}')
    (tmp_path / "config.json").write_text('{"greeting": "Ahoy"}')
    assert ship("use", "-w", "space", "--instance_handle", "mine", "-c", "config.json").code == 0
    sent = engine.payload("package/instance/create")
    assert {
        name: sent[name] for name in ("packageHandle", "packageVersionHandle", "handle", "workspaceHandle")
    } == {
        "packageHandle": "greeter",
        "packageVersionHandle": "1.2.0",
        "handle": "mine",
        "workspaceHandle": "space",
    }
    assert sent["config"] == {"greeting": "Ahoy"}
    assert "named twice" in ship("use", "greeter", "mine", "-i", "yours").err
