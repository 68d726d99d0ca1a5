"""`ship info`, `ship support-info`, and the commands that are not there yet."""

from __future__ import annotations

import json
import platform

import pytest

from tests.unit.sdk.cli.conftest import API_BASE, KEY, USER, failed


def test_info(ship, engine):
    """It tells user, id and where the engine is."""
    lines = ship("info").out.splitlines()
    assert lines[:3] == ["user      ada", "user id   U1", f"engine    {API_BASE}"]
    found = ship("info", "--json").json()
    assert (found["user"], found["apiBase"], found["profile"]) == (USER, API_BASE, None)


def test_info_without_a_key(ship, monkeypatch):
    """Without a key it fails and names `ship login`."""
    monkeypatch.delenv("STEAMSHIP_API_KEY")
    ran = ship("info")
    assert ran.code == 1
    assert "ship login" in ran.err


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project's folder, and it is the current one."""
    manifest = {"type": "package", "handle": "greeter", "version": "1.0.0"}
    (tmp_path / "steamship.json").write_text(json.dumps(manifest))
    (tmp_path / "requirements.txt").write_text("steamship<3\nx @ https://me:secret@host.test/x.whl\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_support_info(ship, engine, project):
    """It tells account, project, requirements, system and packages, and nothing that is secret."""
    ran = ship("support-info")
    for told in ("U1", "greeter", "original", "steamship<3", platform.release(), "pytest"):
        assert told in ran.out
    assert "secret" not in ran.out
    assert KEY not in ran.out
    found = ship("support-info", "--json").json()
    assert found["project"] == {
        "type": "package",
        "handle": "greeter",
        "version": "1.0.0",
        "runtime": "original",
    }
    assert found["account"]["user id"] == "U1"
    assert "click" in found["packages"]


def test_support_info_always_helps(ship, engine, project, monkeypatch):
    """What is wrong is told in its place, with exit code 0: no key, a wrong one, a broken manifest."""
    engine.answers["account/current"] = failed("The key is not valid.", "AuthenticationRequired", http=401)
    assert "The key is not valid." in ship("support-info").out
    monkeypatch.delenv("STEAMSHIP_API_KEY")
    (project / "steamship.json").write_text("{")
    ran = ship("support-info", "--json")
    assert ran.code == 0
    assert "is not JSON" in ran.json()["project"]["problem"]
    assert ran.json()["account"]["problem"]
    (project / "steamship.json").unlink()
    (project / "requirements.txt").unlink()
    assert ship("support-info", "--json").json()["requirements"] is None


@pytest.mark.parametrize(
    ("words", "pointer"),
    [
        (("run", "local", "--no-ngrok", "-p", "8443", "-h", "x"), "ship serve"),
        (("run", "remote", "-c", "{}"), "ship deploy"),
        (("clean", "local", "--all"), "ship delete"),
    ],
)
def test_not_there_yet(ship, engine, words, pointer):
    """Commands of the original that are missing say so, with what to do instead, whatever their options: exit code 1."""
    ran = ship(*words)
    assert (ran.code, ran.out) == (1, "")
    assert "is not there yet" in ran.err
    assert pointer in ran.err
    assert engine.sent == []


def test_ships(ship):
    """There are some ships."""
    assert ship("ships").out == "🚢 🚢 🚢\n"
    assert len(ship("ships", "--json").json()) == 3


def test_it_is_deploy(ship):
    """`it` has the options of `deploy`."""
    it, deploy = ship("it", "--help").out, ship("deploy", "--help").out
    assert it.replace("ship it", "ship deploy") == deploy
