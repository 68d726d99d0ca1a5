"""The interpreter of a project on the original SDK: only it can import the project's class here."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

_OWN_ENVIRONMENTS = (".venv", "venv")
_LIBRARIES = ("lib/python*/site-packages", "Lib/site-packages")
_PROGRAMS = ("bin/python", "Scripts/python.exe")
_SDK = re.compile(r"steamship-([012])\..*\.(?:dist-info|egg-info)")


def original_python(project: Path) -> Path | None:
    """The first one that has the original SDK: the active environment's, else that of one in the project."""
    for environment in _environments(project):
        program = next((p for name in _PROGRAMS if (p := environment / name).exists()), None)
        if program is not None and _has_sdk(environment):
            return program
    return None


def _environments(project: Path) -> Iterator[Path]:
    active = os.environ.get("VIRTUAL_ENV")
    if active:
        yield Path(active)
    for name in _OWN_ENVIRONMENTS:
        yield project.resolve() / name


def _has_sdk(environment: Path) -> bool:
    """Told by the files: starting every interpreter there is would take longer than the deploy."""
    return any(
        _SDK.fullmatch(entry.name)
        for pattern in _LIBRARIES
        for library in environment.glob(pattern)
        for entry in library.glob("steamship-*")
    )
