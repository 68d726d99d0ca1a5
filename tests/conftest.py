"""What every test gets: its ring's marker, a home of its own, and no settings of the person running it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes says what else the machine does, and nothing about the code.
settings.register_profile("steamship", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("steamship")

pytest_plugins = [
    "tests.services.deploying",
    "tests.services.doors",
    "tests.services.grounds",
    "tests.services.original",
    "tests.services.postgres",
    "tests.services.scheduling",
]

_TESTS = Path(__file__).parent
_RINGS = ("unit", "integration", "acceptance")
_UV_CACHE = os.environ.get("UV_CACHE_DIR") or str(
    Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "uv"
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        ring = item.path.relative_to(_TESTS).parts[0] if item.path.is_relative_to(_TESTS) else ""
        if ring in _RINGS:
            item.add_marker(ring)


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The test's own home folder, empty; in its environment no STEAMSHIP_* variable is set."""
    folder = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("UV_CACHE_DIR", _UV_CACHE)  # downloaded packages outlive a test's home
    for name in [name for name in os.environ if name.startswith("STEAMSHIP_")]:
        if name != "STEAMSHIP_ENGINE_PYTHONS":
            monkeypatch.delenv(name)
    return folder
