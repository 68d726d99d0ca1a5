"""The original client, as the tests get it."""

from __future__ import annotations

import subprocess
from pathlib import Path


def test_the_original_client_is_the_locked_one(original_python: Path) -> None:
    """The interpreter the tests get imports the original client of the locked version."""
    question = "from importlib.metadata import version; import steamship; print(version('steamship'))"
    done = subprocess.run([original_python, "-c", question], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "2.17.34"
