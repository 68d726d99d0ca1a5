"""What importing the authoring classes brings along."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

PRINT_MODULES = "import sys, json; print(json.dumps(sorted(sys.modules)))"


def modules_after(statement: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-I", "-c", f"{statement}\n{PRINT_MODULES}"],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(json.loads(done.stdout))


@pytest.mark.parametrize("module", ["steamship.invocable", "steamship.invocable.serving"])
def test_writing_packages_needs_no_command_line_and_no_network(module):
    """Importing the authoring classes loads neither click and rich nor an HTTP client."""
    loaded = modules_after(f"import {module}")
    unwanted = {
        "click",
        "rich",
        "urllib3",
        "http.client",
        "ssl",
        "steamship.client.steamship",
        "steamship.cli",
    }
    assert not loaded & unwanted
