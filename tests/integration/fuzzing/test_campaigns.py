"""Campaigns as `python -m tests.fuzzing` runs them: other inputs every time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzzing.table import TARGETS

_ROOT = Path(__file__).parents[3]
_SECONDS = 20


@pytest.mark.slow
@pytest.mark.parametrize("name", TARGETS)
def test_a_campaign_finds_nothing(name):
    """Within its seconds a campaign finds no input that fails; one that it finds is kept in tests/corpus/."""
    command = [sys.executable, "-m", "tests.fuzzing", name, "--seconds", str(_SECONDS)]
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
