"""What an engine refuses to start with."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from steamship_engine.app import sandboxing
from steamship_engine.model.sandbox import SandboxMode
from steamship_engine.runtime import proving
from steamship_engine.runtime.egress.own import Ports
from steamship_engine.settings import SettingsError, load

PORTS = Ports((8080,), 3128)


@pytest.fixture(autouse=True)
def _holds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every sandbox holds."""

    async def nothing(*_: Any) -> tuple[str, ...]:
        return ()

    monkeypatch.setattr(proving, "problems_of", nothing)


@pytest.mark.parametrize("mode", ["landlock", "none"])
def test_builds_need_a_sandbox_that_isolates(mode: str) -> None:
    """Source distributions are built in no weaker sandbox, whatever else the operator allows."""
    flags = {"sandbox": mode, "builds": "sdists", "insecure_no_sandbox": "true"}
    with pytest.raises(SettingsError, match=f'--builds is "sdists".*"{mode}"'):
        asyncio.run(sandboxing.chosen(load(flags, {}), PORTS))
    allowed = asyncio.run(sandboxing.chosen(load({**flags, "builds": "wheels"}, {}), PORTS))
    assert allowed.mode == mode


@pytest.mark.parametrize("mode", ["full", "no-cgroup"])
def test_builds_are_for_sandboxes_that_isolate(mode: str) -> None:
    """In both sandboxes that isolate an engine may build."""
    chosen = sandboxing.chosen(load({"sandbox": mode, "builds": "sdists"}, {}), PORTS)
    assert asyncio.run(chosen).mode is SandboxMode(mode)
