"""The TypeScript client against a real engine."""

from __future__ import annotations

from tests.services import typescript
from tools.node import SDK


def test_documented_calls(engine, deployed_greeter):
    """Every TypeScript call that the page on using packages shows runs as it stands there."""
    typescript.run_tests(
        [SDK / "build" / "acceptance" / "use.test.js"],
        {
            "STEAMSHIP_API_BASE": engine.api_base,
            "STEAMSHIP_API_KEY": engine.key,
            "STEAMSHIP_TEST_PACKAGE": deployed_greeter,
        },
    )
