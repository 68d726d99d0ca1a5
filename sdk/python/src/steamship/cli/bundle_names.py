"""What a file's name in a bundle may be, and what the author leaves out of it."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path

from steamship.base.error import InvalidBundleError

IGNORE_FILE = ".shipignore"


def ignore_lines(folder: Path) -> list[str]:
    """The patterns of the folder's ignore file."""
    path = folder / IGNORE_FILE
    lines = path.read_text("utf-8", errors="replace").splitlines() if path.is_file() else []
    return [line for line in (line.strip() for line in lines) if line and not line.startswith("#")]


def patterns_of(lines: Iterable[str]) -> list[str]:
    """The lines as patterns, without the slashes around them."""
    return [line.strip("/") for line in lines if line.strip("/")]


def is_ignored(relative: str, patterns: list[str]) -> bool:
    """Whether a pattern fits the whole relative name or its last part."""
    name = relative.rpartition("/")[2]
    return any(fnmatchcase(relative, pattern) or fnmatchcase(name, pattern) for pattern in patterns)


def leave_out(relative: str) -> str:
    """What helps with a file that cannot be part of the bundle."""
    return f"Add the line `{relative}` to {IGNORE_FILE} to leave it out."


def check_name(name: str) -> None:
    """InvalidBundleError for a name that the engine would refuse."""
    problem = None
    try:
        encoded = name.encode()
    except UnicodeEncodeError:
        problem, encoded = "is not UTF-8", b""
    if not name.isprintable() and problem is None:
        problem = "has control characters"
    elif "\\" in name:
        problem = "has a backslash"
    elif len(encoded) > 1024 or any(len(part.encode(errors="replace")) > 255 for part in name.split("/")):
        problem = "is too long"
    elif name.count("/") >= 32:
        problem = "is too deep down"
    if problem:
        shown = name.encode(errors="replace").decode()
        raise InvalidBundleError(f'The name "{shown}" {problem}.', suggestion="Rename it, or leave it out.")
