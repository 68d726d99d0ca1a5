"""Finding interpreters by executing them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tools.pythons import find_python

_THIS = f"{sys.version_info.major}.{sys.version_info.minor}"


def _program(path: Path, body: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on PATH, empty."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    for name in ("PYENV_ROOT", "XDG_DATA_HOME", "UV_PYTHON_INSTALL_DIR", "STEAMSHIP_ENGINE_PYTHONS"):
        monkeypatch.delenv(name, raising=False)
    return folder


def test_a_shim_that_fails_is_passed_over(path: Path, tmp_path: Path) -> None:
    """A name on PATH that does not start Python counts for nothing; the next candidate is asked."""
    _program(path / f"python{_THIS}", "echo 'version not installed' >&2; exit 127")
    assert find_python(_THIS) is None
    _program(path / "python3", f'exec {sys.executable} "$@"')
    assert find_python(_THIS) == Path(sys.executable)


def test_what_a_program_is_called_does_not_matter(path: Path) -> None:
    """An interpreter is what it says it is: a python3.10 that says otherwise is no 3.10."""
    _program(path / "python3.10", "echo cpython 3.8 /usr/bin/python3.8")
    assert find_python("3.10") is None


def test_the_first_version_wins_wherever_it_is(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The version named first is taken, though the other stands earlier; pyenv's folder is found from its shims."""
    _program(path / "python3.11", "echo cpython 3.11 /first/python3.11")
    assert find_python("3.10", "3.11") == Path("/first/python3.11")
    _program(tmp_path / "pyenv" / "versions" / "3.10.1" / "bin" / "python3.10", "echo cpython 3.10 /second")
    monkeypatch.setenv("PATH", f"{path}:{tmp_path / 'pyenv' / 'shims'}")
    assert find_python("3.10", "3.11") == Path("/second")


@pytest.mark.parametrize(
    "place", [".pyenv/versions/3.10.9/bin", ".local/share/uv/python/cpython-3.10.9-linux-x86_64-gnu/bin"]
)
def test_pyenv_and_uv_are_looked_into(path: Path, home: Path, place: str) -> None:
    """Interpreters that pyenv or uv keep below the home folder are found."""
    _program(home / place / "python3.10", "echo cpython 3.10 /kept/python3.10")
    assert find_python("3.10") == Path("/kept/python3.10")


def test_named_interpreters_come_first(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """STEAMSHIP_ENGINE_PYTHONS names interpreters or their folders, and beats PATH."""
    _program(path / "python3.10", "echo cpython 3.10 /on/path")
    mine = _program(tmp_path / "mine" / "python3.10", "echo cpython 3.10 /mine")
    for value in (str(mine), f"/nowhere:{mine.parent}"):
        monkeypatch.setenv("STEAMSHIP_ENGINE_PYTHONS", value)
        assert find_python("3.10") == Path("/mine")
