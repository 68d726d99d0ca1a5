"""Attacks at every moment at which code of an author's runs, not in calls alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.sandbox.columns import Column
from tests.acceptance.sandbox.verdicts import SURE, surprises
from tests.packages import bundle
from tests.services.tenants import Outcome, Tenants
from tests.services.wheels import starting_wheel

_CODE = Path(__file__).parents[2] / "packages" / "hostile" / "attacks" / "attacks"
_ATTACKS = (
    "read database",
    "read secret key",
    "read other bundle",
    "list the data folder",
    "plant a file in the data folder",
    "read the environment of the engine",
    "signal the engine",
    "signal the launcher",
    "connect to 127.0.0.1 of the host",
    "connect to an abstract socket of the host",
    "search its own memory",
    "search its own environment",
    "unshare the user namespace",
    "unshare the mount namespace",
    "mount a tmpfs",
    "write into /usr",
    "plant a .pth file in its environment",
)

_IN_ZYGOTE = ("import", "starter", "sitecustomize")


@pytest.fixture(scope="session")
def told(column: Column, tenants: Tenants, open_folder: Path) -> dict[str, dict[str, Outcome] | None]:
    """What came of the attacks at each moment; None for a moment that there was not."""
    asked: dict[str, Any] = {"attacks": _ATTACKS, "given": tenants.given}
    name = f"starter_{column.mode}_{column.user}".replace("-", "_")
    starting_wheel(open_folder / "wheels", name, asked)
    files = {f"attacks/{path.name}": path.read_bytes() for path in _CODE.glob("*.py")}
    files["given.json"] = json.dumps(asked).encode()
    files["requirements.txt"] = f"{name}\n".encode()
    tenants.attacker.api.deploy("moments", bundle("hostile/moments", files), version="1.0.0", public=False)
    attacks = tenants.attacker.instance
    tenants.attacker.use("moments", "moments")
    try:
        found: dict[str, dict[str, Outcome] | None] = tenants.attacker.call("told")
        started = tenants.attacker.call("started")
        assert started["usercustomize"]
        if not started["sitecustomize"]:
            # The system's Python has one of its own, and the requirement's never runs.
            assert found["sitecustomize"] is None
            found["sitecustomize"] = found["starter"]
    finally:
        tenants.attacker.instance = attacks
    return found


@pytest.mark.parametrize(
    "moment", ["import", "__dir__", "constructor", "instance_init", "call", "starter", "sitecustomize"]
)
def test_no_moment_is_better_than_another(
    column: Column, told: dict[str, dict[str, Outcome] | None], moment: str
) -> None:
    """At import, when listed, constructed or prepared, and by code that starts with Python, attacks end as in a call."""
    outcomes = told[moment]
    assert outcomes is not None
    assert set(outcomes) == set(_ATTACKS)
    assert SURE & set(outcomes)
    assert surprises(column, outcomes, zygote=moment in _IN_ZYGOTE) == []


def test_a_users_own_start_up_code_never_runs(told: dict[str, dict[str, Outcome] | None]) -> None:
    """`usercustomize` is there to be imported, and Python does not import it."""
    assert told["usercustomize"] is None


def test_nothing_ran_where_it_was_not_confined(
    column: Column, tenants: Tenants, told: dict[str, dict[str, Outcome] | None]
) -> None:
    """Whatever started Python in the environment while it was made: nobody came to the host's listeners from there."""
    assert bool(tenants.listeners.came) == (column.mode == "none")
