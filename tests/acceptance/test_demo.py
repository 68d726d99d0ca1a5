"""`make demo`, without the set-up that has tests of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.services.pages import ROOT


@pytest.mark.timeout(300)
def test_every_answer_of_the_demo_is_right(home: Path) -> None:
    """The walk through the examples ends with 0, and leaves the home folder of whoever runs it alone."""
    done = subprocess.run(
        [sys.executable, "-m", "tools.demo"], cwd=ROOT, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Every answer was right." in done.stdout
    for package in ("greeter", "notebook", "tabular"):
        assert f"cd examples/{package} && ship deploy" in done.stdout
    assert not (home / ".steamship.json").exists()
