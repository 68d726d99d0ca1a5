"""Runs compiled TypeScript tests under the Node that `make setup` chose."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from tools.node import SDK, node


def run_tests(files: list[Path], environment: Mapping[str, str]) -> None:
    """Run test files of `sdk/typescript/build` with this environment, PATH and HOME beside it; fail as they fail."""
    assert files, f"no compiled tests in {SDK / 'build'}; run `make setup`"
    done = subprocess.run(
        [node(), "--test", "--test-reporter=spec", *files],
        cwd=SDK,
        env={"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], **environment},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "\nℹ skipped 0\n" in done.stdout, done.stdout
    assert "\nℹ pass 0\n" not in done.stdout, done.stdout
