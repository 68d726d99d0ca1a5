"""Finding CPython interpreters by executing them: a `python3.10` on PATH may be a shim that fails.

Standard library only.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

_ASK = "import sys; print(sys.implementation.name, '%d.%d' % sys.version_info[:2], sys.executable)"
_NAME = re.compile(r"python3(\.\d+)?")


def find_python(*versions: str) -> Path | None:
    """The first CPython of the first of `versions` ("3.10") that there is one of, or None.

    Looked at, in this order: the interpreters and folders of STEAMSHIP_ENGINE_PYTHONS (separated
    by colons), PATH, and where pyenv and uv keep theirs.
    """
    found: dict[str, Path] = {}
    for candidate in _candidates(versions):
        version, executable = _ask(candidate)
        if version == versions[0] and executable:
            return executable
        if version in versions and executable:
            found.setdefault(version, executable)
    return next((found[version] for version in versions if version in found), None)


def _candidates(versions: tuple[str, ...]) -> Iterator[Path]:
    seen: set[Path] = set()
    names = {"python3", *(f"python{version}" for version in versions)}
    for folder in _folders():
        paths = (
            [folder]
            if _NAME.fullmatch(folder.name)
            else [folder / name for name in sorted(names, reverse=True)]
        )
        for path in paths:
            if path not in seen and os.access(path, os.X_OK) and not path.is_dir():
                seen.add(path)
                yield path


def _folders() -> Iterator[Path]:
    """Folders with interpreters, and interpreters themselves."""
    yield from (Path(entry) for entry in os.environ.get("STEAMSHIP_ENGINE_PYTHONS", "").split(":") if entry)
    on_path = [Path(entry) for entry in os.environ.get("PATH", "").split(":") if entry]
    yield from on_path
    pyenvs = [folder.parent for folder in on_path if folder.name == "shims"]
    pyenvs += [Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")]
    for pyenv in pyenvs:
        yield from sorted(pyenv.glob("versions/*/bin"))
    data = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    yield from sorted(Path(os.environ.get("UV_PYTHON_INSTALL_DIR") or data / "uv" / "python").glob("*/bin"))


def _ask(candidate: Path) -> tuple[str | None, Path | None]:
    """What version of CPython `candidate` says it is, and its real path; (None, None) if it is none."""
    try:
        done = subprocess.run(
            [candidate, "-I", "-c", _ASK], capture_output=True, text=True, timeout=20, check=True
        )
        name, version, executable = done.stdout.strip().split(" ", 2)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None, None
    return (version, Path(executable)) if name == "cpython" else (None, None)
