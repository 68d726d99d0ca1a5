"""The zip that a deploy uploads: the project's folder without what is no part of the package.

The same files give the same bytes. `src/` is taken as the root where it holds `api.py`; everything
else keeps its place. A project on the original SDK is laid out as `original_files` says.
"""

from __future__ import annotations

import io
import os
import stat
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from steamship.base.error import InvalidBundleError, TooLargeError
from steamship.cli.bundle_names import (
    IGNORE_FILE,
    check_name,
    ignore_lines,
    is_ignored,
    leave_out,
    patterns_of,
)
from steamship.cli.original_files import original_files
from steamship.cli.output import size
from steamship.cli.project import CODE_FILE, MANIFEST_FILE, Project, manifest_text, read_manifest

MIB = 1024 * 1024
# The engine's limits; it counts again.
MOST_PACKED = 200 * MIB
MOST_INFLATED = 1024 * MIB
MOST_FILES = 20_000
# A file above this is probably there by mistake.
LARGE_FILE = 10 * MIB

# At the project's root (and that of `src/`).
_EXCLUDED_AT_ROOT = frozenset({"build", "venv", "tests", "examples"})
# Wherever they are.
_EXCLUDED = frozenset(
    {
        ".DS_Store", ".git", ".hg", ".idea", ".ipynb_checkpoints", ".mypy_cache", ".nox", ".pytest_cache",
        ".ruff_cache", ".shipignore", ".svn", ".tox", ".venv", ".vscode", "__pycache__", "node_modules",
    }
)  # fmt: skip
_FIRST_MOMENT = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Bundle:
    """A zip. `inflated` is its content's size in bytes; `large` names files above LARGE_FILE.

    `notes` are remarks for the author.
    """

    content: bytes = field(repr=False)
    files: tuple[str, ...]
    inflated: int
    large: tuple[tuple[str, int], ...]
    notes: tuple[str, ...] = ()


def make_bundle(project: Project) -> Bundle:
    """Zip the project, with its manifest as it is deployed.

    Raises InvalidBundleError for a file that cannot be part of it, TooLargeError above a limit.
    """
    notes: tuple[str, ...] = ()
    if project.is_original():
        found, notes = original_files(project)
    else:
        found = _bundled(project)
    found.pop(MANIFEST_FILE, None)
    if CODE_FILE not in found:
        raise InvalidBundleError(
            f'There is no "{CODE_FILE}" in "{project.folder}" and none in its "src".',
            suggestion=f'Write the package\'s class in "{CODE_FILE}", and keep that out of {IGNORE_FILE}.',
        )
    if len(found) >= MOST_FILES:
        raise TooLargeError(
            f'The bundle would hold "{len(found) + 1}" files; {MOST_FILES} at most are allowed.',
            suggestion=_TRIM,
        )
    sizes = {name: path.stat().st_size for name, path in found.items()}
    inflated = sum(sizes.values())
    if inflated > MOST_INFLATED:
        largest = max(sizes, key=lambda name: sizes[name])
        raise TooLargeError(
            f"The bundle's files have {size(inflated)}; {size(MOST_INFLATED)} at most are allowed."
            f' The largest is "{largest}".',
            suggestion=_TRIM,
        )
    content = _zipped(found, _manifest(project))
    if len(content) > MOST_PACKED:
        raise TooLargeError(
            f"The bundle has {size(len(content))}; {size(MOST_PACKED)} at most are allowed.", suggestion=_TRIM
        )
    large = tuple((name, sizes[name]) for name in sorted(found) if sizes[name] > LARGE_FILE)
    return Bundle(content, tuple(sorted({*found, MANIFEST_FILE})), inflated, large, notes)


_TRIM = f"Leave files out with lines in {IGNORE_FILE}, such as `data/*`."


def _bundled(project: Project) -> dict[str, Path]:
    """The files by their names in the zip."""
    patterns = _patterns(project)
    root = project.folder.resolve()
    found: dict[str, Path] = {}
    folded: dict[str, str] = {}
    for relative, path in _walk(root, project.folder, "", patterns):
        name = relative
        if project.source != project.folder and relative.startswith("src/"):
            name = relative.removeprefix("src/")
            if name.partition("/")[0] in _EXCLUDED_AT_ROOT or is_ignored(name, patterns):
                continue
        check_name(name)
        other = folded.setdefault(name.casefold(), relative)
        if other != relative:
            raise InvalidBundleError(
                f'"{other}" and "{relative}" would both be "{name}" in the bundle.',
                suggestion="Remove or rename one of them.",
            )
        found[name] = path
    return found


def _walk(
    root: Path, folder: Path, prefix: str, patterns: list[str], above: tuple[Path, ...] = ()
) -> Iterator[tuple[str, Path]]:
    """Relative names and paths of the files below `folder`, links followed as long as they stay in `root`."""
    above = (*above, folder.resolve())
    for entry in sorted(os.scandir(folder), key=lambda e: e.name):
        relative = f"{prefix}{entry.name}"
        if entry.name in _EXCLUDED or (not prefix and entry.name in _EXCLUDED_AT_ROOT):
            continue
        if is_ignored(relative, patterns):
            continue
        path = Path(entry.path)
        if entry.is_symlink():
            _check_link(root, relative, path, above)
        if entry.is_dir():
            yield from _walk(root, path, f"{relative}/", patterns, above)
        elif entry.is_file():
            yield relative, path
        else:
            kind = "a broken link" if entry.is_symlink() else "no regular file"
            raise InvalidBundleError(f'"{relative}" is {kind}.', suggestion=leave_out(relative))


def _check_link(root: Path, relative: str, path: Path, above: tuple[Path, ...]) -> None:
    try:
        target = path.resolve()
    except (OSError, RuntimeError) as error:
        raise InvalidBundleError(
            f'The link "{relative}" leads nowhere.', suggestion=leave_out(relative)
        ) from error
    if not target.is_relative_to(root):
        raise InvalidBundleError(
            f'The link "{relative}" leads out of the folder, to "{target}".',
            suggestion=f"Copy what it leads to into the folder. {leave_out(relative)}",
        )
    if target in above:
        raise InvalidBundleError(
            f'The link "{relative}" leads to a folder that it lies in.', suggestion=leave_out(relative)
        )


def _manifest(project: Project) -> bytes:
    """The manifest's file as it stands, where it says what is deployed."""
    if read_manifest(project.folder) == project.manifest:
        return (project.folder / MANIFEST_FILE).read_bytes()
    return manifest_text(project.manifest).encode()


def _patterns(project: Project) -> list[str]:
    """What the manifest and the ignore file leave out, beside the usual."""
    ignored = (project.manifest.get("build_config") or {}).get("ignore") or []
    return patterns_of([*ignored, *ignore_lines(project.folder)])


def _zipped(found: dict[str, Path], manifest: bytes) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name in sorted({*found, MANIFEST_FILE}):
            path = found.get(name)
            entry = zipfile.ZipInfo(name, _FIRST_MOMENT)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3
            executable = path is not None and path.stat().st_mode & stat.S_IXUSR
            entry.external_attr = (stat.S_IFREG | (0o755 if executable else 0o644)) << 16
            archive.writestr(entry, manifest if path is None else path.read_bytes())
    return written.getvalue()
