"""`make setup`: the virtual environment, the locked packages, our own two, the SDK's wheel and Node.

Started by tools/setup.sh under any Python 3.11 or newer; standard library only. Every step has a
stamp over its inputs, so the second run installs nothing.
"""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

from tools import node, wheel
from tools.commands import PYTHON, UV, VENV, fail, run, say
from tools.stamps import ROOT, forget, one_at_a_time, run_when_changed

REQUIREMENTS = ROOT / "requirements"
DISTRIBUTIONS = (ROOT / "sdk" / "python", ROOT / "engine")


def main() -> None:
    """Bring the repository to the state in which everything in it can be run."""
    with one_at_a_time():
        done = [
            _environment(),
            _installer(),
            _locked_packages(),
            _our_packages(),
            wheel.build(),
            node.install(),
        ]
    if any(done):
        say("done; the command line is .venv/bin/ship")
    else:
        say("nothing to do")


def _environment() -> bool:
    base = str(Path(_base_executable()).resolve())
    return run_when_changed(
        "venv", lambda: _make_environment(base), inputs=[], outputs=[PYTHON], facts=[base]
    )


def _base_executable() -> str:
    """The interpreter itself, also when this runs inside a virtual environment."""
    return getattr(sys, "_base_executable", None) or sys.executable


def _make_environment(base: str) -> None:
    if _has_pip(base):
        return
    if importlib.util.find_spec("ensurepip") is None:
        fail(
            f'"{base}" has no venv module that works; on Debian install it with '
            "`apt-get install python3-venv`, then run `make setup` again"
        )
    say(f".venv with {base} ({sys.version.split()[0]})")
    forget("installer", "locked", "ours")
    shutil.rmtree(VENV, ignore_errors=True)
    run([base, "-m", "venv", VENV])


def _has_pip(base: str) -> bool:
    """Whether `.venv` was made from `base` and can install packages."""
    if not PYTHON.exists() or str(PYTHON.resolve()) != base:
        return False
    return (
        subprocess.run([PYTHON, "-I", "-c", "import pip"], check=False, capture_output=True).returncode == 0
    )


def _installer() -> bool:
    lock = REQUIREMENTS / "bootstrap.txt"
    pip: list[str | Path] = [
        PYTHON,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-input",
        "--disable-pip-version-check",
    ]
    return run_when_changed(
        "installer",
        lambda: run([*pip, "--require-hashes", "-r", lock]),
        inputs=[lock],
        outputs=[UV],
    )


def _locked_packages() -> bool:
    lock = REQUIREMENTS / "dev.txt"

    def install() -> None:
        say("the packages of requirements/dev.txt")
        run([UV, "pip", "install", "--quiet", "--python", PYTHON, "--require-hashes", "-r", lock])

    return run_when_changed("locked", install, inputs=[lock], outputs=[VENV / "bin" / "pytest"])


def _our_packages() -> bool:
    """`steamship` and `steamship-engine`, editable; what they require came with the lock."""
    metadata = [folder / name for folder in DISTRIBUTIONS for name in ("pyproject.toml", "README.md")]

    def install() -> None:
        say("steamship and steamship-engine, editable")
        editables = [word for folder in DISTRIBUTIONS for word in ("-e", str(folder))]
        run(
            [
                UV,
                "pip",
                "install",
                "--quiet",
                "--python",
                PYTHON,
                "--no-deps",
                "--no-build-isolation",
                *editables,
            ]
        )

    return run_when_changed("ours", install, inputs=metadata, outputs=[VENV / "bin" / "ship"])


if __name__ == "__main__":
    main()
