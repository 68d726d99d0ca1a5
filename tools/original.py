"""The original client, in `.venv-original`, for the tests that drive it against the engine.

It lives on CPython 3.10 or 3.11 only. Standard library only.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from tools import apt
from tools.commands import UV, fail, run, say
from tools.pythons import find_python
from tools.stamps import ROOT, run_when_changed

VENV = ROOT / ".venv-original"
PYTHON = VENV / "bin" / "python"
LOCK = ROOT / "requirements" / "original.txt"


def install() -> bool:
    """Make the environment if its lock has changed since; returns whether it was made."""
    return run_when_changed("original", _make, inputs=[LOCK], outputs=[PYTHON])


def _make() -> None:
    base = find_python("3.10", "3.11")
    if base is None and apt.install_if_offered("python3.11"):
        base = find_python("3.10", "3.11")
    if base is None:
        fail(
            "the tests need the original client, which lives on CPython 3.10 or 3.11, and none was found. "
            "Install one (`sudo apt-get install -y python3.11` where Debian has it, or `.venv/bin/uv python install 3.11`), "
            "or name yours in STEAMSHIP_ENGINE_PYTHONS, then run `make setup-test` again"
        )
    say(f"the original client in .venv-original, with {base}")
    if not _made_from(base):
        shutil.rmtree(VENV, ignore_errors=True)
        run([UV, "venv", "--quiet", "--no-python-downloads", "--python", base, VENV])
    run([UV, "pip", "install", "--quiet", "--python", PYTHON, "--no-build", "--require-hashes", "-r", LOCK])


def _made_from(base: Path) -> bool:
    return PYTHON.exists() and PYTHON.resolve() == base.resolve()
