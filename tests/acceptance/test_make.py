"""`make` in a fresh clone, as somebody who has just found the project would run it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from tools.stamps import ROOT
from tools.tracked import tracked_files

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository's own files, as they are now, in a folder of their own and under git."""
    folder = tmp_path_factory.mktemp("fresh") / "clone"
    for path in tracked_files():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / path, folder / path)
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    return folder


def _make(clone: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """`make`, without what the make that may have started these tests handed down."""
    environment = {
        name: value for name, value in os.environ.items() if name not in {"MAKEFLAGS", "PYTHON", "MFLAGS"}
    }
    return subprocess.run(
        ["make", *words], cwd=clone, env=environment, capture_output=True, text=True, check=False
    )


def test_setup_makes_everything_once(clone: Path, home: Path) -> None:
    """The first `make setup` gives a working `ship`; the second changes nothing."""
    first = _make(clone, "setup")
    assert first.returncode == 0, first.stdout + first.stderr
    ship = subprocess.run([clone / ".venv/bin/ship", "--help"], capture_output=True, text=True, check=False)
    assert ship.returncode == 0, ship.stderr
    before = _files(clone / ".venv")
    second = _make(clone, "setup")
    assert (second.returncode, second.stdout) == (0, "setup: nothing to do\n")
    assert _files(clone / ".venv") == before


def test_serve_says_what_to_do_next(clone: Path, home: Path) -> None:
    """`make serve` starts an engine that tells its address, and the command that deploys a package to it."""
    command = ["make", "serve", "PORT=0"]
    with subprocess.Popen(
        command, cwd=clone, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as serving:
        assert serving.stdout is not None
        printed = ""
        for line in serving.stdout:
            printed += line
            if line.startswith("Next"):
                break
        os.killpg(serving.pid, signal.SIGTERM)
    assert f'export PATH="{clone}/.venv/bin:$PATH"; cd {clone}/examples/greeter; ship deploy' in printed
    assert "Steamship engine ready at http://localhost:" in printed
    assert "Next, in another terminal: `ship deploy`" in printed
    assert (home / ".steamship.json").is_file()


def test_the_wheel_is_the_same_everywhere(clone: Path) -> None:
    """Two builds of the SDK's wheel from the same sources, in different folders, are the same bytes."""
    for folder in (clone, ROOT):
        built = _make(folder, "setup")
        assert built.returncode == 0, built.stderr
    wheels = "engine/src/steamship_engine/runtime/wheels"
    (here,), (there,) = ((folder / wheels).glob("*.whl") for folder in (ROOT, clone))
    assert here.name == there.name
    assert here.read_bytes() == there.read_bytes()


def test_a_python_that_does_not_work_is_named(clone: Path) -> None:
    """PYTHON= that names no Python 3.11 fails with its name and what to do."""
    done = _make(clone, "setup", "PYTHON=/nowhere/python3")
    assert done.returncode == 2
    assert 'PYTHON="/nowhere/python3" is no working Python 3.11 or newer' in done.stderr


def _files(folder: Path) -> dict[Path, float]:
    return {path: path.stat().st_mtime for path in folder.rglob("*") if "__pycache__" not in path.parts}
