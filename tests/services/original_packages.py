"""The packages of tests/packages/original as bundles: as the original's `ship deploy` made them, and for our SDK."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.packages import zipped

FOLDER = Path(__file__).parents[1] / "packages" / "original"
PACKAGES = sorted(path.name for path in FOLDER.iterdir() if path.is_dir())

DeployForm = Callable[[str, str], str]  # a package's name and its form give the handle it is deployed under

# pinned: requirements.txt names the original SDK; carried: the bundle holds its source, and requirements.txt what
# that needs; native: requirements.txt without it, so that the same source runs on our SDK.
FORMS = ("pinned", "carried", "native")

# Those whose code could notice where its SDK lies: by the working directory, by modules of its own, by its class.
_CARRIED = frozenset({"answers", "bakery", "relay", "translator", "trouble"})

_PINNED = "steamship==2.17.34"
_FIND = """
import importlib.metadata, json
distribution = importlib.metadata.distribution("steamship")
needs = [line.partition(";")[0].strip() for line in distribution.requires if "extra ==" not in line]
print(json.dumps([str(distribution.locate_file("steamship")), needs]))
"""


def forms_of(name: str) -> list[str]:
    """The forms in which a package is deployed."""
    return [form for form in FORMS if form != "carried" or name in _CARRIED]


class OriginalSource:
    """The original SDK as it is installed for the tests, to be put into bundles; never part of the repository."""

    def __init__(self, python: Path) -> None:
        done = subprocess.run([python, "-I", "-c", _FIND], capture_output=True, text=True, check=True)
        folder, self.needs = json.loads(done.stdout)
        root = Path(folder)
        self.files = {
            f"steamship/{path.relative_to(root)}": path.read_bytes()
            for path in root.rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        }


def original_bundle(name: str, form: str, source: OriginalSource) -> bytes:
    """The zip of a package in one of FORMS."""
    files = _at_root(FOLDER / name)
    lines = files["requirements.txt"].decode().splitlines()
    assert _PINNED in lines, f"{name} does not pin the original SDK"
    rest = [line for line in lines if line != _PINNED]
    if form == "carried":
        files.update(source.files)
        rest += [re.sub(r"\s", "", need) for need in source.needs]
    if form != "pinned":
        files["requirements.txt"] = "\n".join(rest).encode()  # the original's own has no last newline
    return zipped(files)


def config_template(name: str) -> dict[str, Any] | None:
    """What the original's command line sent beside the bundle: the manifest's template, nulls dropped."""
    manifest = FOLDER / name / "steamship.json"
    if not manifest.exists():
        return None
    template = json.loads(manifest.read_text()).get("configTemplate") or {}
    return {
        parameter: {key: value for key, value in about.items() if value is not None}
        for parameter, about in template.items()
    }


def _at_root(folder: Path) -> dict[str, bytes]:
    """A project's files, those of `src/` at the root."""
    files = {}
    for path in folder.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            name = path.relative_to(folder)
            files[str(name.relative_to("src") if name.parts[0] == "src" else name)] = path.read_bytes()
    return files
