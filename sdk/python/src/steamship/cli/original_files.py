"""Which files of a project on the original SDK are bundled, and where: as the original's command line does it.

Files in the project's folder go to the root of the bundle, and so does what is in each of its folders:
`src/api.py` becomes `api.py`, `data/words.txt` becomes `words.txt`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from steamship.base.error import InvalidBundleError
from steamship.cli.bundle_names import check_name, ignore_lines, is_ignored, leave_out, patterns_of
from steamship.cli.project import Project

_EXCLUDED = frozenset(
    {
        ".DS_Store", ".git", ".idea", ".ipynb_checkpoints", ".shipignore", ".venv", "__pycache__", "build",
        "examples", "tests", "venv",
    }
)  # fmt: skip
_SECRETS = ".steamship"


def original_files(project: Project) -> tuple[dict[str, Path], tuple[str, ...]]:
    """The files by their names in the bundle, and remarks for the author.

    Where two would have one name, a file of the project's own folder comes before one of `src`, and that
    before those of other folders. Raises InvalidBundleError.
    """
    ignored = frozenset((project.manifest.get("build_config") or {}).get("ignore") or [])
    patterns = patterns_of(ignore_lines(project.folder))
    found: dict[str, Path] = {}
    folded: dict[str, str] = {}
    notes: list[str] = []
    for name, path in _laid_out(project.folder, _EXCLUDED | ignored):
        relative = path.relative_to(project.folder).as_posix()
        if is_ignored(relative, patterns):
            continue
        check_name(name)
        if not path.is_file():
            raise InvalidBundleError(
                f'"{relative}" is a broken link, or no regular file.', suggestion=leave_out(relative)
            )
        other = folded.setdefault(name.casefold(), name)
        if name in found:
            if path.read_bytes() != found[name].read_bytes():
                kept = found[name].relative_to(project.folder).as_posix()
                notes.append(f'"{relative}" is left out: "{kept}" is "{name}" in the bundle')
            continue
        if other != name:
            raise InvalidBundleError(
                f'"{other}" and "{name}" differ in the case of their letters only.',
                suggestion="Remove or rename one of them.",
            )
        found[name] = path
    if (project.folder / _SECRETS).is_dir() and _SECRETS not in ignored:
        notes.append(
            f'"{_SECRETS}/secrets.toml" is "secrets.toml" in the bundle, where no code looks for it: move the'
            f" folder to src/{_SECRETS}"
        )
    return found, tuple(notes)


def _laid_out(folder: Path, excluded: frozenset[str]) -> Iterator[tuple[str, Path]]:
    """Names in the bundle and files, those that win where names meet first."""
    entries = [Path(entry.path) for entry in os.scandir(folder) if entry.name not in excluded]
    for entry in sorted(entries, key=lambda entry: (entry.is_dir(), entry.name != "src", entry.name)):
        if not entry.is_dir():
            yield entry.name, entry
            continue
        for inner, _, names in sorted(os.walk(entry)):
            # The folders below an excluded one are not: only its own files are left out.
            if Path(inner).name not in excluded:
                for name in sorted(names):
                    path = Path(inner, name)
                    yield path.relative_to(entry).as_posix(), path
