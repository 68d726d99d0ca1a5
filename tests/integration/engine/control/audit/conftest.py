"""Who changes and asks for things in these tests, and what they have."""

from __future__ import annotations

from dataclasses import replace

import pytest

from steamship_engine.control.actor import Actor
from steamship_engine.control.ground import Ground
from tests.services.audits import CANARIES, FROM
from tests.services.fake_machine import FakeMachine, add_package, deploy, on_fake_machine
from tests.services.grounds import add_user
from tests.services.instances import make

TEMPLATE = {
    "token": {"type": "string", "required": True, "secret": True},
    "name": {"type": "string", "default": "Ada"},
}


@pytest.fixture
def ground(ground: Ground) -> Ground:
    """With a machine that deploys whatever it is given."""
    return on_fake_machine(ground)


@pytest.fixture
def machine(ground: Ground) -> FakeMachine:
    """That machine."""
    assert isinstance(ground.machine, FakeMachine)
    return ground.machine


@pytest.fixture
def alice(ground: Ground) -> Actor:
    """A user whose requests come from somewhere."""
    return replace(add_user(ground, "alice"), source=FROM, key_id="K-1")


@pytest.fixture
def secretive(ground: Ground, machine: FakeMachine, alice: Actor) -> str:
    """The id of an instance whose config has a secret."""
    machine.template = TEMPLATE
    deploy(ground, alice, add_package(ground, alice, "secretive", public=True))
    config = {"token": CANARIES[0], "name": CANARIES[1]}
    return make(ground, alice, "secretive", "mine", config=config).instance.id
