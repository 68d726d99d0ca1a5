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


@pytest.mark.parametrize("flag", ["api_base", "app_base", "web_base"])
@pytest.mark.parametrize("host", ["localhost:8443", "127.0.0.1", "[::1]:8443", "ship.localhost"])
def test_loopback_bases_have_no_tls(flag: str, host: str) -> None:
    """In a worker's own network nobody would answer there; packages in this machine's network reach it."""
    base = f"https://{host}/" + ("api/v1/" if flag == "api_base" else "")
    with pytest.raises(SettingsError, match="--") as caught:
        asyncio.run(sandboxing.chosen(load({"sandbox": "full", flag: base}, {}), PORTS))
    assert f'"{base}"' in str(caught.value)
    for sandbox, other in (
        ("none", base),
        ("full", base.replace(host, "ship.test")),
        ("full", base.replace("s:", ":")),
    ):
        flags = {"sandbox": sandbox, "insecure_no_sandbox": "true", flag: other}
        assert asyncio.run(sandboxing.chosen(load(flags, {}), PORTS)).mode == sandbox
