"""The TypeScript client against a real engine."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.services import typescript
from tests.services.deploying import EXAMPLES, files_of
from tools.node import SDK
from tools.stamps import ROOT

_PAGE = (ROOT / "docs" / "using-packages.md").read_text()
_PROGRAMS = re.findall(r"^```typescript\n(.*?)^```", _PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture
def surroundings(engine) -> dict[str, str]:
    """The environment of somebody who uses the engine."""
    return {"STEAMSHIP_API_BASE": engine.api_base, "STEAMSHIP_API_KEY": engine.key}


def test_calls(surroundings, deploy):
    """Every call of the TypeScript client does against a real engine what it promises."""
    # A package of its own: other tests deploy further versions of the shared greeter.
    deploy("greeter-typescript", files_of(EXAMPLES / "greeter"), version="1.0.0")
    typescript.run_tests(
        [SDK / "build" / "acceptance" / "use.test.js"],
        {**surroundings, "STEAMSHIP_TEST_PACKAGE": "greeter-typescript"},
    )


def test_page_on_using_packages(surroundings, deployed_greeter, tmp_path: Path):
    """Every TypeScript example of docs/using-packages.md compiles, runs and prints what the page says."""
    assert len(_PROGRAMS) >= 7
    for program in _PROGRAMS:
        expected = re.findall(r"// prints: (.*)$", program, re.MULTILINE)
        assert typescript.run_program(tmp_path, program, surroundings).splitlines() == expected, program
