"""The engine's own corner of the data folder: everything in it ends with the engine, or at the next start.

Each engine process has a folder `scratch/{boot}` and holds a lock on `scratch/{boot}.lock` while it lives,
so several engines share one data folder and the leftovers of a killed one are found.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from pathlib import Path

from steamship_engine.runtime import trees


class Scratch:
    """This process's folder for whatever is being built, and for what workers write."""

    def __init__(self, root: Path) -> None:
        """Make the folder under `root` and remove what dead engines left there."""
        root.mkdir(parents=True, exist_ok=True)
        _sweep(root)
        self._folder, self._lock = _claim(root)
        self._lock_path = self._folder.with_suffix(".lock")
        self._closed = False

    def folder(self, purpose: str) -> Path:
        """A new, empty folder whose name begins with `purpose`."""
        path = self._folder / f"{purpose}-{secrets.token_hex(6)}"
        path.mkdir(mode=0o755)
        return path

    def close(self) -> None:
        """Remove everything; safe to repeat."""
        if self._closed:
            return
        self._closed = True
        trees.remove(self._folder)
        self._lock_path.unlink(missing_ok=True)
        os.close(self._lock)


def _claim(root: Path) -> tuple[Path, int]:
    while True:
        boot = secrets.token_hex(8)
        path = root / f"{boot}.lock"
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX)
        # Another engine's sweep may have taken the file in the instant before it was locked.
        if path.exists():
            folder = root / boot
            folder.mkdir(mode=0o755)
            return folder, lock
        os.close(lock)


def _sweep(root: Path) -> None:
    for path in root.glob("*.lock"):
        try:
            lock = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        else:
            trees.remove(path.with_suffix(""))
            path.unlink(missing_ok=True)
        finally:
            os.close(lock)
