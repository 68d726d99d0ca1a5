"""Running other programs during set-up, and failing with a sentence. Standard library only."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from tools.stamps import ROOT

VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
UV = VENV / "bin" / "uv"


def say(message: str) -> None:
    """Print one line of progress."""
    print(f"setup: {message}", flush=True)


def fail(message: str) -> NoReturn:
    """End with `message` and exit code 1."""
    sys.exit(f"setup: {message}")


def run(
    command: Sequence[str | Path],
    *,
    cwd: Path = ROOT,
    environment: Mapping[str, str] | None = None,
    quiet: bool = False,
) -> None:
    """Run a program to its end; when it fails, so does the set-up, naming it.

    `environment` is added to ours; `quiet` shows what the program writes only when it fails.
    """
    words = [str(word) for word in command]
    try:
        done = subprocess.run(
            words,
            cwd=cwd,
            env={**os.environ, **(environment or {})},
            stdout=subprocess.PIPE if quiet else None,
            stderr=subprocess.STDOUT if quiet else None,
            check=False,
        )
    except OSError as error:
        fail(f'"{words[0]}" cannot be started: {error.strerror}')
    if done.returncode:
        sys.stderr.write((done.stdout or b"").decode(errors="replace"))
        fail(f"`{shlex.join(words)}` failed with exit code {done.returncode}; its reason stands above")
