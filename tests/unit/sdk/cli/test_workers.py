"""`ship instances --workers` and `ship restart`."""

from __future__ import annotations

import pytest

from tests.unit.sdk.cli.conftest import failed

PLAIN = {"detail": None, "reason": None, "memory": None, "pid": 1, "startedAt": "2030-01-01T00:00:00.000Z"}


def worker(instance: str, state: str, **more):
    """A worker on the wire."""
    return {
        **PLAIN, "instanceId": instance, "state": state, "since": "2030-01-01T00:00:01.250Z", "calls": 3, **more
    }  # fmt: skip


INSTANCES = [
    {"id": f"I{n}", "handle": handle, "workspaceHandle": handle, "packageHandle": "greeter"}
    for n, handle in enumerate(("awake", "twice", "fell", "new"))
]
WORKERS = [
    worker("I0", "idle", memory=30 * 2**20),
    worker("I1", "busy", calls=0),
    worker("I1", "draining", reason="restarted"),
    worker("I2", "stopped", reason="overMemory", detail="600 MiB of 512 MiB"),
]


def _restart_answer(payload):
    handle = payload.get("handle") or payload["id"].lower()
    return {
        "restart": {"instanceId": "I", "instanceHandle": handle, "workspaceHandle": "space", "workers": 2}
    }


def test_workers_of_all_instances(ship, engine):
    """A line for each worker that lives, and one for each instance that sleeps, with the reason where it is known."""
    engine.answers |= {
        "package/instance/list": {"packageInstances": INSTANCES},
        "package/instance/workers": {"workers": WORKERS},
    }
    ran = ship("instances", "--workers")
    assert engine.payload("package/instance/workers")["acrossWorkspaces"] is True
    assert ran.out.splitlines() == [
        "INSTANCE  WORKSPACE  PACKAGE  WORKER    SINCE                 MEMORY    CALLS  WHY",
        "awake     awake      greeter  idle      2030-01-01T00:00:01Z  30.0 MiB  3      -",
        "twice     twice      greeter  busy      2030-01-01T00:00:01Z  -         0      -",
        "twice     twice      greeter  draining  2030-01-01T00:00:01Z  -         3      restarted",
        "fell      fell       greeter  asleep    2030-01-01T00:00:01Z  -         3      over memory: 600 MiB of 512 MiB",
        "new       new        greeter  asleep    -                     -         -      -",
    ]
    told = ship("instances", "--workers", "--json").json()
    assert [len(instance["workers"]) for instance in told] == [1, 2, 1, 0]
    assert told[0]["workers"] == WORKERS[:1]


def test_workers_in_one_workspace(ship, engine):
    """With --workspace the workers of that alone are asked for; without instances nobody is."""
    engine.answers |= {
        "package/instance/list": {"packageInstances": INSTANCES},
        "package/instance/workers": {"workers": []},
    }
    ship("instances", "--workers", "--workspace", "space")
    assert engine.payload("package/instance/workers")["acrossWorkspaces"] is False
    assert engine.requests[-1].headers["X-Workspace-Handle"] == "space"
    engine.answers["package/instance/list"] = {"packageInstances": []}
    assert ship("instances", "--workers", "--json").out == "[]\n"
    assert "There are no instances" in ship("instances", "--workers").err


def test_restart_one(ship, engine):
    """The instance is looked for in the workspace of its own handle, or in the named one."""
    engine.answers["package/instance/restart"] = _restart_answer
    ran = ship("restart", "mine")
    assert ran.out == '"mine" in "space": 2 workers put down; its next call starts a new one.\n'
    assert engine.requests[-1].headers["X-Workspace-Handle"] == "mine"
    assert ship("restart", "mine", "--workspace", "space", "--json").json()["workers"] == 2
    assert engine.requests[-1].headers["X-Workspace-Handle"] == "space"


def test_restart_one_that_sleeps(ship, engine):
    """That is no failure, and it is said."""
    engine.answers["package/instance/restart"] = {
        "restart": {"instanceId": "I", "instanceHandle": "mine", "workspaceHandle": "mine", "workers": 0}
    }
    ran = ship("restart", "mine")
    assert (ran.code, ran.out) == (0, '"mine" is asleep; its next call starts a worker.\n')


def test_restart_what_is_not_there(ship, engine):
    """The message names instance and workspace, and how to make one."""
    engine.answers["package/instance/restart"] = failed("no", "NotFound", http=404)
    ran = ship("restart", "mine", "--workspace", "space")
    assert ran.code == 1
    assert 'You have no instance "mine" in the workspace "space".' in ran.err
    assert "ship use PACKAGE mine --workspace space" in ran.err


def test_restart_all(ship, engine):
    """With --all each own instance is restarted, in all workspaces or in one; one that has just gone is passed over."""
    engine.answers |= {
        "package/instance/list": {"packageInstances": INSTANCES},
        "package/instance/restart": lambda payload: (
            failed("gone", "NotFound", http=404) if payload["id"] == "I1" else _restart_answer(payload)
        ),
    }
    told = ship("restart", "--all", "--json").json()
    assert [done["instanceHandle"] for done in told] == ["i0", "i2", "i3"]
    assert engine.payload("package/instance/list")["acrossWorkspaces"] is True
    lines = ship("restart", "--all", "--workspace", "space").out.splitlines()
    assert lines[0] == '"i0" in "space": 2 workers put down; its next call starts a new one.'
    assert engine.payload("package/instance/list")["acrossWorkspaces"] is False


def test_restart_all_of_a_package(ship, engine):
    """With --package those of that package alone; where there are none that is said."""
    engine.answers |= {
        "package/get": {"package": {"id": "P1"}},
        "package/instance/list": {"packageInstances": []},
    }
    ran = ship("restart", "--all", "--package", "greeter")
    assert (ran.code, "no such instances" in ran.err) == (0, True)
    assert engine.payload("package/instance/list")["packageId"] == "P1"
    assert ship("restart", "--all", "--json").out == "[]\n"


@pytest.mark.parametrize("words", [[], ["mine", "--all"], ["mine", "--package", "greeter"]])
def test_restart_needs_to_know_what(ship, engine, words):
    """Nothing, both, and a package beside an instance are wrong usages."""
    assert ship("restart", *words).code == 2
    assert engine.sent == []
