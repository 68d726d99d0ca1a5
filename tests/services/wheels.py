"""Wheels that are made by the tests, for an engine that installs from a folder of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.packages import zipped

_ATTACKS = Path(__file__).parents[1] / "packages" / "hostile" / "attacks" / "attacks"
_STARTING = b"""
import json
import os

import starter_attacks

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "starter.json")) as file:
    ASKED = json.load(file)
OUTCOMES = {name: starter_attacks.run(name, ASKED["given"]) for name in ASKED["attacks"]}
"""

REQUIREMENT = "stowaway"
"""The distribution whose wheel `stowaway_wheel` makes."""


def wheel(folder: Path, name: str, files: Mapping[str, str | bytes]) -> Path:
    """A wheel of these files, version 1.0, in the folder."""
    info = f"{name}-1.0.dist-info"
    whole: dict[str, str | bytes] = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    whole[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in (*whole, f"{info}/RECORD"))
    path = folder / f"{name}-1.0-py3-none-any.whl"
    path.write_bytes(zipped(whole))
    return path


def stowaway_wheel(folder: Path) -> Path:
    """A wheel with one module, `stowaway`, that does nothing."""
    return wheel(folder, REQUIREMENT, {"stowaway.py": '"""Nothing, and not empty."""\n'})


def starting_wheel(folder: Path, name: str, asked: Mapping[str, Any]) -> Path:
    """A wheel whose code attacks whenever Python starts: by a `.pth` file, `sitecustomize` and `usercustomize`.

    `asked` says which attacks, and what there is outside; `name` is the distribution's.
    """
    code = {
        f"starter_{path.relative_to(_ATTACKS.parent)}": path.read_bytes() for path in _ATTACKS.glob("*.py")
    }
    for module in ("starter", "sitecustomize", "usercustomize"):
        code[f"{module}.py"] = _STARTING
    code["starter.pth"] = b"import starter\n"
    code["starter.json"] = json.dumps(asked).encode()
    return wheel(folder, name, code)
