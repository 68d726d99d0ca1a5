"""`ship doctor`: what of a sandbox this machine has."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.acceptance.conftest import StartEngine


def _doctor(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "steamship_engine", "doctor", *arguments],
        check=False,
        capture_output=True,
        text=True,
        env={"HOME": str(home), "PATH": "/usr/bin:/bin"},
    )


def test_each_sandbox_is_tried(tmp_path: Path) -> None:
    """Every mode is named with whether it holds, and the first that does is what an engine takes."""
    shown = json.loads(_doctor(tmp_path, "--json").stdout)
    tried = {found["name"]: found["problem"] for found in shown["findings"]}
    assert [name for name in tried if name.startswith("sandbox")] == [
        "sandbox full", "sandbox no-cgroup", "sandbox landlock",
    ]  # fmt: skip
    held = [name for name, problem in tried.items() if name.startswith("sandbox") and problem is None]
    assert held[0] == f"sandbox {shown['sandbox']}"
    assert f'takes the sandbox "{shown["sandbox"]}"' in _doctor(tmp_path).stdout
    assert not list(tmp_path.iterdir())


def test_an_engine_takes_what_the_doctor_says(start_engine: StartEngine, tmp_path: Path) -> None:
    """The mode that is printed at the start is the one that `ship doctor` names, also beside a running engine."""
    engine = start_engine()
    done = _doctor(tmp_path, "--data-dir", str(engine.data_dir), "--json")
    assert done.returncode == 0
    assert f"Sandbox: {json.loads(done.stdout)['sandbox']} (" in engine.log()


def test_a_python_that_does_not_run_is_told(tmp_path: Path) -> None:
    """A Python that the operator names and that does not run is named, with what to correct."""
    done = subprocess.run(
        [sys.executable, "-m", "steamship_engine", "doctor"],
        check=False,
        capture_output=True,
        text=True,
        env={"HOME": str(tmp_path), "PATH": "", "STEAMSHIP_ENGINE_PYTHONS": str(tmp_path / "python")},
    )
    assert done.returncode == 1
    assert str(tmp_path / "python") in done.stderr
    assert "STEAMSHIP_ENGINE_PYTHONS" in done.stderr
    assert "Traceback" not in done.stderr
