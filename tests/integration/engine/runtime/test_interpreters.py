"""Choosing the Python for native and for original packages, by executing what there is."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from steamship_engine.model.errors import UnavailableError
from steamship_engine.runtime.interpreter import for_natives, for_originals, probe


def _program(path: Path, version: str, name: str = "cpython") -> Path:
    """A program that says what a Python would say."""
    path.parent.mkdir(parents=True, exist_ok=True)
    says = json.dumps([name, version, "x86_64", str(path)])
    path.write_text(f"#!/bin/sh\necho '{says}'\n")
    path.chmod(0o755)
    return path


def _broken(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\necho 'not installed' >&2\nexit 127\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """The environment of a machine whose PATH and home are empty folders."""
    for name in ("bin", "home"):
        (tmp_path / name).mkdir()
    return {"PATH": str(tmp_path / "bin"), "HOME": str(tmp_path / "home")}


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The engine's own Python, made to be a 3.12."""
    path = _program(tmp_path / "own" / "python3.12", "3.12.4")
    monkeypatch.setattr(sys, "_base_executable", str(path), raising=False)
    return path


@pytest.mark.parametrize(
    "place",
    [
        "bin/python3.10",
        "bin/python3",
        "home/.pyenv/versions/3.10.9/bin/python3.10",
        "home/.local/share/uv/python/cpython-3.10.9-linux-x86_64-gnu/bin/python3.10",
    ],
)
def test_a_310_is_found_where_they_lie(
    tmp_path: Path, environ: dict[str, str], own: Path, place: str
) -> None:
    """PATH, pyenv's versions and uv's folders are looked into."""
    path = _program(tmp_path / place, "3.10.9")
    assert for_originals((), environ).path == path


def test_pyenv_is_found_from_its_shims(tmp_path: Path, environ: dict[str, str], own: Path) -> None:
    """A shim that does not run counts for nothing, but shows where the versions are."""
    _broken(tmp_path / "pyenv" / "shims" / "python3.10")
    path = _program(tmp_path / "pyenv" / "versions" / "3.10.1" / "bin" / "python3.10", "3.10.1")
    environ["PATH"] += os.pathsep + str(tmp_path / "pyenv" / "shims")
    assert for_originals((), environ).path == path


def test_310_is_taken_before_311_wherever_they_are(
    tmp_path: Path, environ: dict[str, str], own: Path
) -> None:
    """A 3.11, named or found first, is taken only where there is no 3.10."""
    second = _program(tmp_path / "bin" / "python3.11", "3.11.2")
    named = _program(tmp_path / "named" / "python3.11", "3.11.9")
    assert for_originals((), environ).path == second
    assert for_originals((named,), environ).path == named
    best = _program(tmp_path / "home" / ".pyenv" / "versions" / "3.10.9" / "bin" / "python3.10", "3.10.9")
    assert for_originals((named,), environ).path == best


def test_the_operators_come_first(tmp_path: Path, environ: dict[str, str], own: Path) -> None:
    """Interpreters and folders of the setting are looked at before PATH."""
    _program(tmp_path / "bin" / "python3.10", "3.10.1")
    named = _program(tmp_path / "named" / "mypython", "3.10.2")
    folder = _program(tmp_path / "folder" / "python3.10", "3.10.3").parent
    assert for_originals((named,), environ).version == "3.10.2"
    assert for_originals((folder, named), environ).version == "3.10.3"


@pytest.mark.parametrize(
    ("version", "name"), [("3.12.1", "cpython"), ("3.10.9", "pypy"), ("3.9.1", "cpython")]
)
def test_without_one_the_refusal_names_the_setting(
    tmp_path: Path, environ: dict[str, str], own: Path, version: str, name: str
) -> None:
    """Where nothing fits, the refusal says what is needed and where to name it."""
    _program(tmp_path / "bin" / "python3.10", version, name)
    with pytest.raises(UnavailableError, match="CPython 3.10") as raised:
        for_originals((), environ)
    assert "STEAMSHIP_ENGINE_PYTHONS" in str(raised.value.suggestion)


def test_a_named_one_that_does_not_run_is_an_error(tmp_path: Path, environ: dict[str, str]) -> None:
    """A mistake in the setting is told, not passed over."""
    broken = _broken(tmp_path / "typo")
    for choose in (lambda: for_natives((broken,)), lambda: for_originals((broken,), environ)):
        with pytest.raises(UnavailableError, match="typo") as raised:
            choose()
        assert "STEAMSHIP_ENGINE_PYTHONS" in str(raised.value.suggestion)


def test_natives_need_311(tmp_path: Path, own: Path) -> None:
    """Of the operator's, native packages get the first from 3.11 on; without one, the engine's own."""
    old = _program(tmp_path / "named" / "python3.10", "3.10.9")
    new = _program(tmp_path / "new" / "python3.13", "3.13.1")
    assert for_natives((old, new)).path == new
    assert for_natives((old,)).path == own
    assert for_natives(()).path == own


def test_an_interpreter_tells_its_release() -> None:
    """The release is what the running program says, not what it is called."""
    found = probe()
    assert found.release == sys.version_info[:2]
    assert found.version in found.identity
