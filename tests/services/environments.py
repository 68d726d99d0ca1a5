"""Environments that engines of this test run have made, for those that start later: making one takes seconds.

An environment is named by all that decides on its content, and may be moved, so a later engine finds it as its own.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

_PLAIN = ([], ["steamship==2.17.34"])
"""The requirements that many packages of the tests have; others are the business of the tests that have them."""


class Environments:
    """Kept in a folder that all processes of a test run share; files are links to the ones that were made."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self._folder = folder

    def give(self, data_dir: Path) -> None:
        """Let an engine that starts on the data directory have them."""
        there = data_dir / "environments"
        for kept in self._folder.glob("[0-9a-f]*"):
            if not (there / kept.name).exists():
                data_dir.mkdir(mode=0o711, parents=True, exist_ok=True)
                _link(kept, there / kept.name)

    def take(self, data_dir: Path) -> None:
        """Keep those that an engine has made there."""
        for made in (data_dir / "environments").glob("[0-9a-f]*"):
            if not (self._folder / made.name).exists() and _is_plain(made):
                _link(made, self._folder / made.name)


def _is_plain(environment: Path) -> bool:
    record = json.loads((environment / "environment.json").read_text())
    return record["requirements"] in _PLAIN and not record["built"]


def _link(source: Path, target: Path) -> None:
    """All of it, or nothing where somebody else is first."""
    aside = target.with_name(f".{target.name}.{os.getpid()}")
    target.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    shutil.copytree(source, aside, symlinks=True, copy_function=os.link)
    aside.chmod(0o755)
    try:
        aside.rename(target)
    except OSError:
        shutil.rmtree(aside)
    else:
        target.chmod(0o555)
