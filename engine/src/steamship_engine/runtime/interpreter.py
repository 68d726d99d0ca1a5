"""The Pythons under which environments are made and workers run."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from steamship_engine.model.errors import UnavailableError

ORIGINAL = ((3, 10), (3, 11))
"""What the original SDK runs on, the best first."""

_NATIVE = (3, 11)
_SETTING = "STEAMSHIP_ENGINE_PYTHONS"
_PROBE = (
    "import json, platform, sys; print(json.dumps([sys.implementation.name, platform.python_version(), "
    "platform.machine(), sys.executable]))"
)
_PROBE_TIMEOUT = 20


@dataclass(frozen=True)
class Interpreter:
    """An interpreter that was executed and told what it is."""

    path: Path
    name: str
    version: str
    machine: str

    @property
    def identity(self) -> str:
        """What must be equal for two environments to be exchangeable."""
        return f"{self.name} {self.version} {self.machine} {self.path}"

    @property
    def release(self) -> tuple[int, int]:
        """Major and minor version."""
        match = re.match(r"(\d+)\.(\d+)", self.version)
        return (int(match[1]), int(match[2])) if match else (0, 0)


def probe(path: Path | None = None) -> Interpreter:
    """Execute the interpreter at `path`, by default the one that the engine itself was made from.

    Blocking. Raises UnavailableError when it does not run: a name on PATH can be a broken shim.
    """
    asked = path or Path(getattr(sys, "_base_executable", sys.executable)).resolve()
    try:
        done = subprocess.run(
            [asked, "-I", "-S", "-c", _PROBE], check=True, capture_output=True, timeout=_PROBE_TIMEOUT, env={}
        )
        name, version, machine, executable = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise UnavailableError(
            f'"{asked}" is no Python that runs: {error}', suggestion=f"Correct {_SETTING}."
        ) from error
    return Interpreter(Path(executable or asked), name, version, machine)


def for_natives(named: Sequence[Path]) -> Interpreter:
    """The first of the operator's interpreters that native packages run on, else the engine's own.

    `named` are interpreters and folders of them. Blocking. Raises UnavailableError when one that is
    named itself does not run.
    """
    for interpreter in _named(named, ("python3",)):
        if interpreter.name == "cpython" and interpreter.release >= _NATIVE:
            return interpreter
    return probe()


def for_originals(named: Sequence[Path], environ: Mapping[str, str]) -> Interpreter:
    """A CPython for the original SDK: 3.10 wherever there is one, else 3.11.

    Looked for among the operator's, on PATH, where pyenv and uv keep theirs, and the engine's own.
    Blocking. Raises UnavailableError when there is none.
    """
    names = (*(f"python{major}.{minor}" for major, minor in ORIGINAL), "python3")
    second = None
    for interpreter in _all(named, environ, names):
        if interpreter.name != "cpython" or interpreter.release not in ORIGINAL:
            continue
        if interpreter.release == ORIGINAL[0]:
            return interpreter
        second = second or interpreter
    if second is None:
        raise UnavailableError(
            "Packages on the original SDK run on CPython 3.10 (or 3.11), and this engine finds neither.",
            suggestion=f"Have the operator install CPython 3.10 and name it in {_SETTING}.",
        )
    return second


def _all(named: Sequence[Path], environ: Mapping[str, str], names: tuple[str, ...]) -> Iterator[Interpreter]:
    yield from _named(named, names)
    for folder in _folders(environ):
        yield from _working(folder, names)
    yield probe()


def _named(named: Sequence[Path], names: tuple[str, ...]) -> Iterator[Interpreter]:
    for path in named:
        if path.is_dir():
            yield from _working(path, names)
        else:
            yield probe(path)


def _working(folder: Path, names: tuple[str, ...]) -> Iterator[Interpreter]:
    for name in names:
        path = folder / name
        if path.is_file() and os.access(path, os.X_OK):
            try:
                yield probe(path)
            except UnavailableError:
                continue


def _folders(environ: Mapping[str, str]) -> Iterator[Path]:
    """Where interpreters may be: on PATH, in pyenv's versions and in uv's."""
    on_path = [Path(entry) for entry in environ.get("PATH", "").split(os.pathsep) if entry]
    yield from on_path
    home = Path(environ.get("HOME") or "/nonexistent")
    pyenvs = [folder.parent for folder in on_path if folder.name == "shims"]
    for pyenv in dict.fromkeys([*pyenvs, Path(environ.get("PYENV_ROOT") or home / ".pyenv")]):
        yield from sorted(pyenv.glob("versions/*/bin"))
    data = Path(environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    yield from sorted(Path(environ.get("UV_PYTHON_INSTALL_DIR") or data / "uv" / "python").glob("*/bin"))
