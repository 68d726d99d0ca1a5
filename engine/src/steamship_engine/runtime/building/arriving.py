"""The files of an environment as they come from where it was built. Every name and every byte is a stranger's."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from steamship_engine.model.errors import InvalidRequirementsError
from steamship_engine.model.limits import BUILD, BuildLimits
from steamship_engine.runtime.frames import FilePart

_SHOWN = 200
_LEAST = 64 * 1024
"""Of a part that is not the last: each costs the engine as much as a large one."""

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class Arrival:
    """Puts files into the folder `target`, which nobody else writes to. What is there already stays as it is.

    Links, devices and owners cannot be said in a `FilePart`, so there are none.
    """

    def __init__(self, target: Path, limits: BuildLimits = BUILD) -> None:
        self._target, self._limits = target, limits
        self._folders = {target}
        self._entries = self._size = 0
        self._current: str | None = None
        self._file: int | None = None

    def take(self, parts: Iterable[tuple[FilePart, bytes]]) -> None:
        """Write the parts. Blocking. Raises InvalidRequirementsError; to be closed then, too."""
        for header, body in parts:
            if header.path != self._current:
                self._begin(header)
            if header.more and len(body) < _LEAST:
                raise _wrong(header.path, "comes in too small parts")
            self._size += len(body)
            if self._size > self._limits.size:
                raise _refused(f"more than {self._limits.size} bytes", "Ask for less in requirements.txt.")
            if self._file is not None:
                _write(self._file, body)
            if not header.more:
                self._end(header)

    def whole(self) -> None:
        """Nothing more comes. Raises InvalidRequirementsError in the middle of a file."""
        if self._current is not None:
            raise _wrong(self._current, "is not complete")

    def close(self) -> None:
        """Close what is open; safe to repeat."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _begin(self, header: FilePart) -> None:
        self.whole()
        parts = header.path.split("/")
        self._check(header.path, parts)
        self._count()
        self._current = header.path
        folder = self._target
        for part in parts[:-1]:
            folder = folder / part
            self._enter(folder, header.path)
        try:
            self._file = os.open(folder / parts[-1], _NEW, 0o755 if header.executable else 0o644)
        except FileExistsError:
            self._file = None  # the environment's own, such as its interpreter

    def _end(self, header: FilePart) -> None:
        if self._file is not None:
            # Byte code names the time of what it was made from.
            os.utime(self._file, (header.modified, header.modified))
        self.close()
        self._current = None

    def _enter(self, folder: Path, path: str) -> None:
        """Have a folder there that is one, and no link to another."""
        if folder in self._folders:
            return
        try:
            folder.mkdir()
            self._count()
        except FileExistsError:
            if folder.is_symlink() or not folder.is_dir():
                raise _wrong(path, "lies in what is no folder") from None
        self._folders.add(folder)

    def _count(self) -> None:
        self._entries += 1
        if self._entries > self._limits.entries:
            raise _refused(
                f"more than {self._limits.entries} files and folders", "Ask for less in requirements.txt."
            )

    def _check(self, path: str, parts: list[str]) -> None:
        limits = self._limits
        if any(unicodedata.category(letter) in ("Cc", "Cs") for letter in path):
            raise _wrong(path, "has a control character in its name")
        if any(part in ("", ".", "..") for part in parts):
            raise _wrong(path, "has no plain relative path")
        sizes = [len(part.encode()) for part in parts]
        if len(parts) > limits.depth or max(sizes) > limits.name or sum(sizes) + len(parts) > limits.path:
            raise _wrong(path, "has too long a path")


def _write(file: int, body: bytes) -> None:
    rest = memoryview(body)
    while rest:
        rest = rest[os.write(file, rest) :]


def _wrong(path: str, what: str) -> InvalidRequirementsError:
    shown = path.encode("unicode_escape", "surrogatepass").decode()[:_SHOWN]
    return _refused(f'the file "{shown}", which {what}', "Name a distribution that has a wheel.")


def _refused(what: str, suggestion: str) -> InvalidRequirementsError:
    return InvalidRequirementsError(
        f"What was built for requirements.txt has {what}; no environment was made of it.",
        suggestion=suggestion,
    )
