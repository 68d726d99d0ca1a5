"""Limits on the wire: what is allowed, and what one version gets."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from steamship_engine.control import instances, users
from steamship_engine.control.actor import Actor, Reach
from steamship_engine.control.ground import Ground
from steamship_engine.model.errors import InvalidManifestError
from steamship_engine.model.nouns import Version
from steamship_engine.model.states import VersionKind
from steamship_engine.model.version_limits import CAPS, VersionLimits
from tests.services.doors import Caller, Door
from tests.services.fake_machine import FakeMachine, add_package, deploy, on_fake_machine
from tests.services.instances import make

MIB = 1024**2


@pytest.fixture
def ground(ground: Ground) -> Ground:
    """An engine whose workers may have 512 MiB at most, and that enforces the time of a call."""
    caps = replace(CAPS, memory=512 * MIB)
    return replace(on_fake_machine(ground), caps=caps, enforced={"timeout_s": "by a clock"})


@pytest.fixture
def alice(ground: Ground, door: Door) -> Caller:
    return Caller(door, users.create(ground.database, "alice", many_users=True)[1])


@pytest.fixture
def actor(alice: Caller) -> Actor:
    return Actor(alice.data("account/current")["user"]["id"], "alice", Reach.USER)


def _deployed(ground: Ground, actor: Actor, limits: Any, kind: VersionKind = VersionKind.NATIVE) -> Version:
    assert isinstance(ground.machine, FakeMachine)
    ground.machine.manifest, ground.machine.kind = {"limits": limits}, kind
    return deploy(ground, actor, add_package(ground, actor, "greeter")).version


def _told(caller: Caller, query: str = "") -> dict[str, dict[str, Any]]:
    answer = caller.send("GET", f"limits{query}")
    assert answer.status_code == 200, answer.text
    return {limit["name"]: limit for limit in answer.json()["data"]["limits"]}


def test_without_a_version_the_defaults_and_caps_are_told(alice: Caller) -> None:
    """Every limit, in order, with its unit and how it is enforced; a default above the cap is the cap."""
    told = _told(alice)
    assert list(told) == list(vars(VersionLimits()))
    assert told["memory"] == {
        "name": "memory",
        "value": 512 * MIB,
        "unit": "bytes",
        "asked": None,
        "cap": 512 * MIB,
        "enforced": "not yet",
    }
    assert told["concurrency"]["value"] is None
    assert (told["timeout_s"]["unit"], told["timeout_s"]["enforced"]) == ("seconds", "by a clock")


@pytest.mark.parametrize("way", ["id", "handles", "package"])
def test_of_a_version_the_wishes_are_told(ground: Ground, alice: Caller, actor: Actor, way: str) -> None:
    """By id, by handles, or as its package's newest: what counts, what was asked for and the cap."""
    version = _deployed(ground, actor, {"memory": "1 GiB", "timeout_s": 5})
    query = {
        "id": f"?versionId={version.id}",
        "handles": "?packageHandle=greeter&versionHandle=1.0.0",
        "package": "?packageHandle=greeter",
    }[way]
    told = _told(alice, query)
    assert [told["memory"][name] for name in ("value", "asked", "cap")] == [512 * MIB, 1024 * MIB, 512 * MIB]
    assert [told["timeout_s"][name] for name in ("value", "asked", "cap")] == [5, 5, 600]
    assert told["cpu"]["asked"] is None


def test_an_unknown_version_is_not_found(alice: Caller, ground: Ground, actor: Actor) -> None:
    """A handle that nobody has, and a version without a package, are refused by name."""
    _deployed(ground, actor, {})
    assert '"nothing"' in alice.refusal("limits", {"packageHandle": "nothing"})
    assert '"9.9.9"' in alice.refusal("limits", {"packageHandle": "greeter", "versionHandle": "9.9.9"})
    assert "names no version" in alice.refusal("limits", {"versionHandle": "1.0.0"})


def test_a_deploy_says_what_was_capped(ground: Ground, actor: Actor) -> None:
    """The version has the remark before those of its class, keeps what was asked for, and is prepared under the cap."""
    version = _deployed(ground, actor, {"memory": "8 GiB"})
    assert version.notes == [
        'steamship.json asks for memory "8 GiB"; this engine allows "512 MiB".',
        "a remark",
    ]
    assert version.manifest == {"limits": {"memory": "8 GiB"}}
    assert isinstance(ground.machine, FakeMachine)
    assert ground.machine.prepared[0].limits.memory == 512 * MIB


def test_a_deploy_with_wrong_limits_makes_nothing(ground: Ground, alice: Caller, actor: Actor) -> None:
    """The refusal names limit and value; no environment is built and no version is there."""
    with pytest.raises(InvalidManifestError, match='"limits.cpu" is "true"'):
        _deployed(ground, actor, {"cpu": True})
    assert isinstance(ground.machine, FakeMachine)
    assert ground.machine.prepared == []
    assert alice.data("package/version/list", {"packageHandle": "greeter"})["packageVersions"] == []


def test_workers_run_under_the_caps_of_the_engine_that_runs_them(ground: Ground, actor: Actor) -> None:
    """A version that was deployed under other caps, or before limits were checked, runs within these."""
    _deployed(ground, actor, {"memory": "400 MiB", "timeout": 7})
    placed = make(ground, actor, "greeter", "mine")
    lower = replace(ground, caps=replace(CAPS, memory=64 * MIB, timeout_s=5))
    for own, memory, timeout in ((ground, 400 * MIB, 7), (lower, 64 * MIB, 5)):
        limits = instances.spec_of(own, placed.instance.id).spec.version.limits
        assert (limits.memory, limits.timeout_s) == (memory, timeout)


def test_an_original_runs_one_call_at_a_time(ground: Ground, alice: Caller, actor: Actor) -> None:
    """The original SDK cannot do more, so a wish for it is capped like any other."""
    version = _deployed(ground, actor, {"concurrency": 4}, VersionKind.ORIGINAL)
    assert 'concurrency "4"; this engine allows "1".' in version.notes[0]
    told = _told(alice, f"?versionId={version.id}")["concurrency"]
    assert (told["value"], told["cap"]) == (1, 1)
