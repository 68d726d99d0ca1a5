"""The sandbox of an engine that does not run as root: the tests beside this one, run by an ordinary user."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from uv import find_uv_bin

from tests.services.ordinary_user import ROOT, ordinary_user

_HERE = Path(__file__).parent.relative_to(ROOT)
_TESTS = ("test_confinement.py", "test_hostile_zygotes.py", "test_ends.py")
_CHOSEN = (
    "test_confinement or test_ends or scratch or proc or user or null or memory or another or vain or tries"
)
"""Of the hostile zygotes those whose end another user of the launcher's could change."""
_FEW = "no-cgroup and test_confinement or test_hostile_zygotes and user"
"""Of these what each run of the tests has."""


@pytest.mark.skipif(os.geteuid() != 0, reason="whoever runs the tests is an ordinary user")
@pytest.mark.parametrize("chosen", [_FEW, pytest.param(_CHOSEN, marks=pytest.mark.slow)], ids=["few", "all"])
def test_the_sandbox_holds_for_an_ordinary_user(chosen: str) -> None:
    """Confinement, hostile zygotes and all ends are as they are for root, but for users and control groups."""
    with ordinary_user() as user:
        checkout = user.folder / "checkout"
        shutil.copytree(
            ROOT / "tests", checkout / "tests", ignore=shutil.ignore_patterns("__pycache__", "acceptance")
        )
        # Its plugins are for other tests.
        (checkout / "tests" / "conftest.py").unlink()
        python = user.folder / "environment" / "bin" / "python"
        locked = ("--constraints", str(ROOT / "requirements" / "dev.txt"), "pytest")
        subprocess.run(
            [find_uv_bin(), "--quiet", "pip", "install", "--link-mode", "copy", "--python", python, *locked],
            check=True,
        )
        done = subprocess.run(
            [*user.python, "-B", "-m", "pytest", "-q", "-p", "no:cacheprovider", "--import-mode=importlib",
             "-k", chosen, *(_HERE / name for name in _TESTS)],
            check=False,
            capture_output=True,
            text=True,
            cwd=checkout,
            env={"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(user.folder), "TMPDIR": str(user.folder), "PYTHONPATH": str(checkout)},
        )  # fmt: skip
    assert done.returncode == 0, done.stdout[-8000:]
    assert " passed" in done.stdout
