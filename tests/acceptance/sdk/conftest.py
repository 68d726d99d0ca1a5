"""Our Python SDK in this process, with the key of the shared engine's first user."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def at_home(engine: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The environment variables that point the SDK at the shared engine; the engine."""
    monkeypatch.setenv("STEAMSHIP_API_KEY", engine.key)
    monkeypatch.setenv("STEAMSHIP_API_BASE", engine.api_base)
    monkeypatch.setenv("STEAMSHIP_APP_BASE", engine.app_base)
    monkeypatch.setenv("STEAMSHIP_WEB_BASE", engine.web_base)
    return engine
