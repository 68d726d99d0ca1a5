"""Folder trees that are frozen once made, and removed whatever they hold."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path


def freeze(root: Path) -> None:
    """Take every write permission in the tree away and let everybody read it."""
    for folder, _, files in os.walk(root, topdown=False):
        for path in (Path(folder, name) for name in files):
            if not path.is_symlink():
                path.chmod(0o555 if path.stat().st_mode & 0o111 else 0o444)
        Path(folder).chmod(0o555)


def remove(root: Path) -> None:
    """Remove the tree, also where its folders forbid it. A tree that is not there is no error."""
    if not root.exists():
        return
    root.chmod(0o700)
    for folder, folders, _ in os.walk(root):
        for path in (Path(folder, name) for name in folders):
            # What a dying process still takes away itself need not be removed.
            with contextlib.suppress(OSError):
                if not path.is_symlink():
                    path.chmod(0o700)
    shutil.rmtree(root, ignore_errors=True)


def place(made: Path, final: Path) -> None:
    """Move a finished tree to its place; where another process was first, its tree stays and ours goes.

    The rename is atomic, so `final` is absent or whole. Only the moved folder itself must be writable for it.
    """
    made.chmod(0o755)
    try:
        made.rename(final)
    except OSError:
        if not final.is_dir():
            raise
        remove(made)
    else:
        final.chmod(0o555)


def link(made: Path, empty: Path) -> None:
    """Have the files of a frozen tree in an empty folder too, and freeze that. Raises OSError where hard links cannot be."""
    for folder, folders, files in os.walk(made):
        there = empty / Path(folder).relative_to(made)
        for name in folders:
            (there / name).mkdir()
        for name in files:
            (there / name).hardlink_to(Path(folder, name))
    for folder, _, _ in os.walk(empty, topdown=False):
        Path(folder).chmod(0o555)


def move(made: Path, empty: Path) -> None:
    """Move a frozen tree into the place of an empty folder; one that is not there is no error."""
    with contextlib.suppress(FileNotFoundError):
        # A folder that nobody may write to cannot be moved to another one.
        made.chmod(0o755)
        made.rename(empty)
