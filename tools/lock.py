"""`make lock`: writes the locks of requirements/ and benchmarks/peers/, and tells whether they are still true.

Each lock carries the digest of what it was made from in its first line, so `make check` needs no
network to see that somebody changed a requirement and did not lock. Pins stay as they are unless a
requirement or `--upgrade` moves them. Standard library only.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.commands import UV, run
from tools.stamps import ROOT

REQUIREMENTS = ROOT / "requirements"
_SDK = ROOT / "sdk" / "python"
_STAMP = "# Made by `make lock` from inputs "


@dataclass(frozen=True)
class Lock:
    """One lock file, what it is made from, and the oldest Python it serves."""

    path: Path
    inputs: tuple[Path, ...]
    python: str


DEVELOPMENT = Lock(
    REQUIREMENTS / "dev.txt",
    (_SDK / "pyproject.toml", ROOT / "engine" / "pyproject.toml", REQUIREMENTS / "dev.in"),
    "3.11",
)
ORIGINAL = Lock(REQUIREMENTS / "original.txt", (REQUIREMENTS / "original.in",), "3.10")
NODE = Lock(REQUIREMENTS / "node.txt", (REQUIREMENTS / "node.in",), "3.11")
# What `make bench` compares with: an environment each.
PEERS = tuple(
    Lock(inputs.with_suffix(".txt"), (inputs,), "3.11")
    for inputs in sorted((ROOT / "benchmarks" / "peers").glob("*.in"))
)
LOCKS = (DEVELOPMENT, ORIGINAL, NODE, *PEERS)
BOOTSTRAP = REQUIREMENTS / "bootstrap.txt"


def main(arguments: Sequence[str] | None = None) -> None:
    """Lock, or with `--check` only tell which lock is out of date (exit code 1)."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.lock", description="Write the locks of requirements/ and benchmarks/peers/."
    )
    parser.add_argument(
        "--check", action="store_true", help="change nothing; exit 1 if a lock is out of date"
    )
    parser.add_argument("--upgrade", action="store_true", help="take the newest version of everything")
    options = parser.parse_args(arguments)
    if options.check:
        problems = [
            *(problem for lock in LOCKS for problem in _stale(lock)),
            *_bootstrap_differs(),
        ]
        sys.exit("\n".join(problems) or 0)
    for lock in LOCKS:
        _write(lock, upgrade=options.upgrade)
    BOOTSTRAP.write_text(_bootstrap(DEVELOPMENT.path.read_text()))


def _write(lock: Lock, *, upgrade: bool) -> None:
    compile_: list[str | Path] = [
        UV,
        "pip",
        "compile",
        "--quiet",
        "--universal",
        "--generate-hashes",
        "--no-header",
    ]
    compile_ += ["--python-version", lock.python, *(["--upgrade"] if upgrade else [])]
    inputs = [path.relative_to(ROOT) for path in lock.inputs]
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as override:
        if lock is DEVELOPMENT:
            # Ours comes from the source beside it; the registry's `steamship` is the original client.
            override.write(f"steamship @ {_SDK.as_uri()}\n")
            override.flush()
            compile_ += ["--override", override.name, "--no-emit-package", "steamship"]
        run([*compile_, *inputs, "-o", lock.path.relative_to(ROOT)], quiet=True)
    lock.path.write_text(f"{_STAMP}{_digest(lock)}\n{_without_stamp(lock.path.read_text())}")


def _without_stamp(text: str) -> str:
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith(_STAMP))


def _stale(lock: Lock) -> list[str]:
    first = lock.path.read_text().partition("\n")[0]
    if first == f"{_STAMP}{_digest(lock)}":
        return []
    inputs = ", ".join(str(path.relative_to(ROOT)) for path in lock.inputs)
    return [f"{lock.path.relative_to(ROOT)} is not what {inputs} ask for; run `make lock`"]


def _digest(lock: Lock) -> str:
    """Over what the inputs ask for, not over their other words."""
    total = hashlib.sha256(lock.python.encode())
    for path in lock.inputs:
        total.update(json.dumps([str(path.relative_to(ROOT)), _asks(path)]).encode())
    return total.hexdigest()[:32]


def _asks(path: Path) -> list[object]:
    if path.suffix == ".toml":
        document = tomllib.loads(path.read_text())
        project = document["project"]
        return [project.get("requires-python"), project["dependencies"], project.get("optional-dependencies")]
    lines = (line.partition("#")[0].strip() for line in path.read_text().splitlines())
    return [line for line in lines if line]


def _bootstrap(development: str) -> str:
    """The lock of the installer alone, cut out of the development lock."""
    pin = re.search(r"^uv==.*(?:\n    --hash=.*)*", development, re.MULTILINE)
    assert pin, "requirements/dev.txt pins no uv"
    return f"# The installer of everything else, installed by pip; cut out of dev.txt by `make lock`.\n{pin[0]}\n"


def _bootstrap_differs() -> list[str]:
    if BOOTSTRAP.read_text() == _bootstrap(DEVELOPMENT.path.read_text()):
        return []
    return ["requirements/bootstrap.txt pins another uv than requirements/dev.txt; run `make lock`"]


if __name__ == "__main__":
    main()
