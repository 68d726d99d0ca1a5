"""Source distributions that are made by the tests, whose builds do what a test says."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

_BACKEND = '''
import json, os, pathlib, socket, subprocess, sys, time, zipfile

NAME = {name!r}

def act(files):
    """What the test says; `files` are the texts of the wheel by their paths."""
{act}

def build_wheel(directory, config_settings=None, metadata_directory=None):
    info = NAME + "-1.0.dist-info"
    files = {{
        info + "/METADATA": "Metadata-Version: 2.1\\nName: " + NAME + "\\nVersion: 1.0\\n",
        info + "/WHEEL": "Wheel-Version: 1.0\\nGenerator: tests\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
        NAME + ".py": "",
    }}
    act(files)
    files[info + "/RECORD"] = "".join(path + ",,\\n" for path in [*files, info + "/RECORD"])
    with zipfile.ZipFile(os.path.join(directory, NAME + "-1.0-py3-none-any.whl"), "w") as wheel:
        for path, text in files.items():
            wheel.writestr(path, text)
    return NAME + "-1.0-py3-none-any.whl"
'''
_PROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project]
name = "{name}"
version = "1.0"
"""


def sdist(folder: Path, name: str, act: str = "pass") -> Path:
    """A source distribution in the folder, version 1.0, that needs no others to be built.

    `act` is Python that runs when it is: `files` are the texts of the wheel by their paths, to be changed.
    """
    body = "".join(f"    {line}\n" for line in act.strip("\n").splitlines())
    files = {
        "pyproject.toml": _PROJECT.format(name=name),
        "backend.py": _BACKEND.format(name=name, act=body),
        "PKG-INFO": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
    }
    path = folder / f"{name}-1.0.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for file, text in files.items():
            entry = tarfile.TarInfo(f"{name}-1.0/{file}")
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
    return path


def index(folder: Path, *files: Path) -> Path:
    """An index in the folder, of the files named `name-version...`, which lie beside it or in it."""
    folder.mkdir(exist_ok=True)
    for file in files:
        place = folder / file.name.partition("-")[0]
        place.mkdir(exist_ok=True)
        (place / file.name).write_bytes(file.read_bytes())
        (place / "index.html").write_text(f'<a href="{file.name}">{file.name}</a>')
    return folder
