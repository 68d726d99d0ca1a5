"""How much lies in a worker's scratch folder, which may hold anything and change at any moment."""

import os
from collections.abc import Iterator

_PART = 2_000
_ENTRY = 4096
_BLOCK = 512


def walk(folder: str) -> Iterator[int | None]:
    """None after each part of the walk, at last the bytes on disk. An entry counts for 4 KiB at least."""
    size, seen = 0, 0
    folders = [folder]
    while folders:
        try:
            entries = os.scandir(folders.pop())
        except OSError:
            continue
        with entries:
            for entry in entries:
                size += _taken(entry)
                if _is_folder(entry):
                    folders.append(entry.path)
                seen += 1
                if seen % _PART == 0:
                    yield None
    yield size


def _taken(entry: "os.DirEntry[str]") -> int:
    try:
        return max(entry.stat(follow_symlinks=False).st_blocks * _BLOCK, _ENTRY)
    except OSError:
        return _ENTRY


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:
        return False
