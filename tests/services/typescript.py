"""Runs TypeScript under the Node that `make setup` chose: the client's compiled tests, and programs that use it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tools.node import SDK, node


def run_tests(files: list[Path], environment: Mapping[str, str]) -> None:
    """Run test files of `sdk/typescript/build`, and fail as they fail or when one is skipped."""
    assert files, f"no compiled tests in {SDK / 'build'}; run `make setup`"
    told = _run([node(), "--test", "--test-reporter=spec", *files], SDK, environment)
    assert "\nℹ skipped 0\n" in told, told
    assert "\nℹ pass 0\n" not in told, told


def run_program(folder: Path, text: str, environment: Mapping[str, str]) -> str:
    """Check the types of a program, compile it, run it as one that installed the client; what it printed."""
    installed = folder / "node_modules" / "@steamship" / "client"
    if not installed.exists():
        installed.parent.mkdir(parents=True)
        installed.symlink_to(SDK)
    (folder / "package.json").write_text('{"type": "module"}')
    (folder / "program.ts").write_text(text)
    compiler = [node(), SDK / "node_modules" / "typescript" / "bin" / "tsc"]
    settings = ["--strict", "--target", "es2022", "--module", "nodenext", "--moduleDetection", "force"]
    _run([*compiler, *settings, "--types", "", "program.ts"], folder, {})
    return _run([node(), "program.js"], folder, environment)


def _run(command: list[str | Path], folder: Path, environment: Mapping[str, str]) -> str:
    done = subprocess.run(
        command,
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], **environment},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
