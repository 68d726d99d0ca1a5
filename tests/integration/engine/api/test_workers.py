"""Workers on the wire: whose are shown, what is told of each, and restarts."""

from __future__ import annotations

from typing import Any

import pytest

from steamship_engine.control import users
from steamship_engine.control.actor import Actor, Reach
from steamship_engine.control.ground import Ground
from steamship_engine.model.states import StopReason, WorkerState
from steamship_engine.runtime.port import WorkerFacts
from steamship_engine.store.instances import Placed
from tests.services.doors import Caller, Door
from tests.services.fake_machine import FakeMachine, add_package, deploy, on_fake_machine
from tests.services.instances import make


@pytest.fixture
def ground(ground: Ground) -> Ground:
    return on_fake_machine(ground)


@pytest.fixture
def alice(ground: Ground, door: Door) -> Caller:
    return Caller(door, users.create(ground.database, "alice", many_users=True)[1])


@pytest.fixture
def made(ground: Ground, alice: Caller) -> list[Placed]:
    """Instances `one` and `two` in workspaces of these names."""
    actor = Actor(alice.data("account/current")["user"]["id"], "alice", Reach.USER)
    deploy(ground, actor, add_package(ground, actor, "greeter"))
    return [make(ground, actor, "greeter", handle, workspace=handle) for handle in ("one", "two")]


def _live(ground: Ground, placed: Placed, *workers: dict[str, Any]) -> None:
    assert isinstance(ground.machine, FakeMachine)
    instance = placed.instance
    plain = {"pid": 1, "state": WorkerState.IDLE, "since": 2.0, "started": 1.0, "calls": 0}
    ground.machine.living[instance.id] = [
        WorkerFacts(instance.id, instance.version_id, **(plain | worker)) for worker in workers
    ]


def test_a_worker_is_told_with_all_that_is_known(ground: Ground, alice: Caller, made: list[Placed]) -> None:
    """State, why it is so, since when, its process, its calls and its memory, under the instance's names."""
    _live(
        ground,
        made[0],
        {
            "pid": 4711,
            "since": 1_700_000_000.25,
            "started": 1_700_000_000,
            "calls": 7,
            "memory": 9_000_000,
            "sent": 30,
            "received": 4_000,
        },
        {"pid": 4712, "state": WorkerState.STOPPED, "reason": StopReason.CRASHED, "detail": "signal SIGSEGV"},
    )
    first, second = alice.data("package/instance/workers", {"id": made[0].instance.id})["workers"]
    assert first == {
        "instanceId": made[0].instance.id,
        "instanceHandle": "one",
        "workspaceHandle": "one",
        "packageVersionId": made[0].instance.version_id,
        "pid": 4711,
        "state": "idle",
        "reason": None,
        "detail": None,
        "since": "2023-11-14T22:13:20.250Z",
        "startedAt": "2023-11-14T22:13:20.000Z",
        "calls": 7,
        "memory": 9_000_000,
        "sent": 30,
        "received": 4_000,
    }
    told = (second["state"], second["reason"], second["detail"], second["memory"])
    assert told == ("stopped", "crashed", "signal SIGSEGV", None)


def test_workers_are_listed_as_instances_are(ground: Ground, alice: Caller, made: list[Placed]) -> None:
    """Without an instance all of the workspace's are told, or of all workspaces, a page of instances at a time."""
    for pid, placed in enumerate(made):
        _live(ground, placed, {"pid": pid}, {"pid": pid})

    def told(**body: Any) -> list[str]:
        found = alice.data("package/instance/workers", body, x_workspace_handle="one")["workers"]
        return [worker["instanceHandle"] for worker in found]

    assert told() == ["one", "one"]
    assert told(handle="one") == ["one", "one"]
    assert sorted(told(acrossWorkspaces=True)) == ["one", "one", "two", "two"]
    page = alice.data("package/instance/workers", {"acrossWorkspaces": True, "pageSize": 1})
    assert len({worker["instanceHandle"] for worker in page["workers"]}) == 1
    assert page["nextPageToken"]


def test_a_restart_says_how_many_workers_were_put_down(
    ground: Ground, alice: Caller, made: list[Placed]
) -> None:
    """By id or by handle; an instance without workers has none to put down."""
    _live(ground, made[0], {}, {})
    answer = alice.data("package/instance/restart", {"id": made[0].instance.id})["restart"]
    assert answer == {
        "instanceId": made[0].instance.id,
        "instanceHandle": "one",
        "workspaceHandle": "one",
        "workers": 2,
    }
    again = alice.data("package/instance/restart", {"handle": "one"}, x_workspace_handle="one")
    assert again["restart"]["workers"] == 0
    assert alice.data("package/instance/workers", {"id": made[0].instance.id})["workers"] == []


def test_what_is_not_there_is_named(alice: Caller, made: list[Placed]) -> None:
    """An unknown handle is not found, a request without one says what to send."""
    for operation in ("package/instance/workers", "package/instance/restart"):
        said = alice.refusal(operation, {"handle": "three"}, x_workspace_handle="one")
        assert said == 'NotFound: There is no instance "three" here.'
    assert "names no instance" in alice.refusal("package/instance/restart")
