"""The files of an environment as they come from where it was built. Every name and every byte is a stranger's."""

from __future__ import annotations

import os
import re
import shutil
import threading
from collections.abc import Iterable
from pathlib import Path

from steamship_engine.model.errors import InvalidRequirementsError, UnavailableError
from steamship_engine.model.limits import BUILD, BuildLimits
from steamship_engine.runtime.frames import FilePart

_SHOWN = 200
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
"""Control characters, and halves of surrogate pairs."""

_LEAST = 64 * 1024
"""Of a part that is not the last: each costs the engine as much as a large one."""

_BLOCK = 4096
_ZEROS = bytes(_BLOCK)
_SHARE = 20
"""On a small disk that part of it is enough to spare."""

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class Arrival:
    """Puts files into the folder `target`, which nobody else writes to. What is there already stays as it is.

    Links, devices and owners cannot be said in a `FilePart`, so there are none.
    """

    def __init__(self, target: Path, limits: BuildLimits = BUILD) -> None:
        """Raises UnavailableError where the disk is too full for it."""
        # A thread may be in the middle of `take` when its task is over: until it has ended, no descriptor goes.
        self._lock = threading.Lock()
        self._closed = False
        self._target, self._limits = target, limits
        self._folders = {""}
        """Those that are there and no links, by their paths below the target."""
        self._entries = self._size = 0
        self._current: str | None = None
        self._file: int | None = None
        self._look_at_disk()

    def take(self, parts: Iterable[tuple[FilePart, bytes]]) -> None:
        """Write the parts. Blocking. Raises InvalidRequirementsError, UnavailableError; to be closed then, too.

        ValueError when it is closed.
        """
        with self._lock:
            if self._closed:
                raise ValueError("nothing arrives any more")
            self._look_at_disk()
            self._take(parts)

    def whole(self) -> None:
        """Nothing more comes. Raises InvalidRequirementsError in the middle of a file."""
        if self._current is not None:
            raise _wrong(self._current, "is not complete")

    def close(self) -> None:
        """Close what is open, once nobody writes to it; safe to repeat."""
        with self._lock:
            self._closed = True
            self._close()

    def _take(self, parts: Iterable[tuple[FilePart, bytes]]) -> None:
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

    def _begin(self, header: FilePart) -> None:
        self.whole()
        parts = header.path.split("/")
        self._check(header.path, parts)
        self._count()
        self._current = header.path
        self._enter(header.path.rpartition("/")[0], header.path)
        try:
            self._file = os.open(f"{self._target}/{header.path}", _NEW, 0o755 if header.executable else 0o644)
        except FileExistsError:
            self._file = None  # the environment's own, such as its interpreter

    def _end(self, header: FilePart) -> None:
        if self._file is not None:
            # A file may end with a hole. Byte code names the time of what it was made from.
            os.ftruncate(self._file, os.lseek(self._file, 0, os.SEEK_CUR))
            os.utime(self._file, (header.modified, header.modified))
        self._close()
        self._current = None

    def _close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _look_at_disk(self) -> None:
        disk = shutil.disk_usage(self._target)
        if disk.free < min(self._limits.spare, disk.total // _SHARE):
            raise UnavailableError(
                f'The disk of the environments has "{disk.free}" free bytes left, too few to build anything.',
                suggestion="Tell the operator, who makes room in the data folder.",
            )

    def _enter(self, below: str, path: str) -> None:
        """Have a folder there that is one, with all above it, and no link to another."""
        if below in self._folders:
            return
        self._enter(below.rpartition("/")[0], path)
        folder = self._target / below
        try:
            folder.mkdir()
            self._count()
        except FileExistsError:
            if folder.is_symlink() or not folder.is_dir():
                raise _wrong(path, "lies in what is no folder") from None
        self._folders.add(below)

    def _count(self) -> None:
        self._entries += 1
        if self._entries > self._limits.entries:
            raise _refused(
                f"more than {self._limits.entries} files and folders", "Ask for less in requirements.txt."
            )

    def _check(self, path: str, parts: list[str]) -> None:
        limits = self._limits
        if _CONTROLS.search(path):
            raise _wrong(path, "has a control character in its name")
        if any(part in ("", ".", "..") for part in parts):
            raise _wrong(path, "has no plain relative path")
        sizes = [len(part.encode()) for part in parts]
        if len(parts) > limits.depth or max(sizes) > limits.name or sum(sizes) + len(parts) > limits.path:
            raise _wrong(path, "has too long a path")


def _write(file: int, body: bytes) -> None:
    """At the end of the file. Blocks of zeros become holes, as they were where the file came from: a file may be large and take nothing."""
    start = 0
    for at in range(0, len(body), _BLOCK):
        if body[at : at + _BLOCK] == _ZEROS:
            _write_all(file, body[start:at])
            os.lseek(file, _BLOCK, os.SEEK_CUR)
            start = at + _BLOCK
    _write_all(file, body[start:])


def _write_all(file: int, body: bytes) -> None:
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
