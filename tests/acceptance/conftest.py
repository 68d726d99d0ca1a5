"""Real engines for the acceptance tests: one for all of them, and fresh ones for those that break theirs."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.services.engine import EngineProcess, EngineUser
from tests.services.environments import Environments

StartEngine = Callable[..., EngineProcess]
_numbers = itertools.count(1)


@pytest.fixture(scope="session", autouse=True)
def _environments(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What one engine has installed, later ones have as well, in all processes that run these tests."""
    base = tmp_path_factory.getbasetemp()
    EngineProcess.environments = Environments(
        (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "environments"
    )


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EngineProcess]:
    """The engine that tests share: each makes workspaces, packages and users with handles of its own."""
    home = tmp_path_factory.mktemp("engine")
    process = EngineProcess(home, home / "data", {"insecure_no_sandbox": True}, {})
    yield process
    assert process.stop() == 0, process.log()


@pytest.fixture
def start_engine(tmp_path: Path) -> Iterator[StartEngine]:
    """A function that starts an engine of the test's own; `ship serve`'s flags by name.

    Further: `home` and `data_dir` (fresh ones by default; those of an earlier engine to start it again)
    and `environ`. Engines that the test leaves running are stopped.
    """
    started: list[EngineProcess] = []

    def start(
        *,
        home: Path | None = None,
        data_dir: Path | None = None,
        environ: dict[str, str] | None = None,
        **flags: Any,
    ) -> EngineProcess:
        folder = home or tmp_path / f"home-{next(_numbers)}"
        folder.mkdir(exist_ok=True)
        process = EngineProcess(folder, data_dir or folder / "data", flags, environ or {})
        started.append(process)
        return process

    yield start
    for process in started:
        process.stop()


@pytest.fixture
def second_user(engine: EngineProcess) -> EngineUser:
    """Another user of the shared engine, fresh for each test."""
    return engine.add_user(f"second-{next(_numbers)}")


@pytest.fixture
def at_home(engine: EngineProcess, monkeypatch: pytest.MonkeyPatch) -> EngineProcess:
    """The environment variables that point our SDK, in this process, at the shared engine; the engine."""
    monkeypatch.setenv("STEAMSHIP_API_KEY", engine.key)
    monkeypatch.setenv("STEAMSHIP_API_BASE", engine.api_base)
    monkeypatch.setenv("STEAMSHIP_APP_BASE", engine.app_base)
    monkeypatch.setenv("STEAMSHIP_WEB_BASE", engine.web_base)
    return engine


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Show what the engines of a failed test have printed."""
    report: Any = yield
    if report.when == "call" and report.failed:
        for name, value in getattr(item, "funcargs", {}).items():
            if isinstance(value, EngineProcess):
                report.sections.append((f"{name}'s log", value.log()[-20_000:]))
    return report
