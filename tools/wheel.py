"""The SDK's wheel, which the engine installs into the environments of native packages.

Built from the sources beside it, byte for byte the same on every machine, because its digest is
part of every version deployed with it. Standard library only.
"""

from __future__ import annotations

import tempfile
import tomllib
from pathlib import Path

from tools.commands import PYTHON, fail, run, say
from tools.stamps import ROOT, run_when_changed

SDK = ROOT / "sdk" / "python"
WHEELS = ROOT / "engine" / "src" / "steamship_engine" / "runtime" / "wheels"
_EPOCH = "1704067200"  # 2024-01-01: zip entries need a date, and it must never differ


def build() -> bool:
    """Build the wheel if the SDK has changed since; returns whether it was built."""
    wheel = WHEELS / f"steamship-{_version()}-py3-none-any.whl"
    return run_when_changed(
        "wheel",
        lambda: _build(wheel),
        inputs=[SDK / "pyproject.toml", SDK / "README.md", SDK / "src"],
        outputs=[wheel],
    )


def _version() -> str:
    project = tomllib.loads((SDK / "pyproject.toml").read_text())["project"]
    return str(project["version"])


def _build(wheel: Path) -> None:
    say(f"{wheel.relative_to(ROOT)}")
    WHEELS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=WHEELS, prefix=".build-") as scratch:
        command: list[str | Path] = [PYTHON, "-m", "hatchling", "build", "-t", "wheel", "-d", scratch]
        run(command, cwd=SDK, environment={"SOURCE_DATE_EPOCH": _EPOCH}, quiet=True)
        built = Path(scratch) / wheel.name
        if not built.exists():
            fail(
                f'the SDK\'s build made no "{wheel.name}"; see [tool.hatch.build] in sdk/python/pyproject.toml'
            )
        for old in WHEELS.glob("*.whl"):
            if old != wheel:
                old.unlink()
        built.chmod(0o644)
        built.replace(wheel)
