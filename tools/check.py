"""`make check`: every check that needs no server, two at a time; names at the end what failed.

`python -m tools.check lint types` runs the named ones alone.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tools import node
from tools.commands import VENV
from tools.stamps import ROOT

_BIN = VENV / "bin"
_PYTHON = [str(_BIN / "python"), "-m"]
_CHILD = "engine/src/steamship_engine/runtime/child"
_MYPY = [str(_BIN / "mypy"), "--no-error-summary"]

# Name -> command and the folder it runs in. The child runs under a version's interpreter, CPython
# 3.10 at the oldest, so it is checked as 3.10 too, in a cache of its own.
CHECKS: dict[str, tuple[Sequence[str], Path]] = {
    "types": ([*_MYPY, "sdk/python/src", "engine/src", "tools", "tests", "benchmarks"], ROOT),
    "types-child": ([*_MYPY, "--python-version", "3.10", "--cache-dir", ".mypy_cache/child", _CHILD], ROOT),
    "layers": ([str(_BIN / "lint-imports"), "--no-logo"], ROOT),
    "typescript": ([str(node.node()), "node_modules/typescript/bin/tsc", "--noEmit"], node.SDK),
    "lint": ([str(_BIN / "ruff"), "check", "--quiet", "--output-format=concise", "."], ROOT),
    "format": ([str(_BIN / "ruff"), "format", "--quiet", "--diff", "."], ROOT),
    "shape": ([*_PYTHON, "tools.check_shape"], ROOT),
    "docs": ([*_PYTHON, "tools.check_docs"], ROOT),
    "locks": ([*_PYTHON, "tools.lock", "--check"], ROOT),
}


def main(names: Sequence[str]) -> None:
    """Run the named checks, or all; exit code 1 if one fails, 2 if there is none of such a name."""
    unknown = [name for name in names if name not in CHECKS]
    if unknown:
        print(f'check: no check is called "{unknown[0]}"; there are {", ".join(CHECKS)}', file=sys.stderr)
        sys.exit(2)
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as threads:
        results = list(threads.map(_check, names or CHECKS))
    failed = [name for name, held in zip(names or CHECKS, results, strict=True) if not held]
    if failed:
        sys.exit(f"check: failed: {', '.join(failed)}")
    print(f"check: all {len(results)} hold")


def _check(name: str) -> bool:
    command, folder = CHECKS[name]
    start = time.monotonic()
    try:
        done = subprocess.run(
            command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
        held, output = done.returncode == 0, done.stdout
    except OSError as error:
        held, output = False, f'"{command[0]}" cannot be started: {error.strerror}\n'
    if held:
        output = "".join(f"{line}\n" for line in output.splitlines() if line.startswith("warning:"))
    verdict = "ok" if held else "FAILED"
    print(f"{name:<12} {verdict:<7} {time.monotonic() - start:5.1f} s\n{output}", end="", flush=True)
    return held


if __name__ == "__main__":
    main(sys.argv[1:])
