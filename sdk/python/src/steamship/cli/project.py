"""The folder that is deployed: its manifest, its code, and what it requires."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from steamship.base.error import InvalidManifestError
from steamship.cli.manifest_limits import limit_problems
from steamship.cli.manifest_network import network_problems

MANIFEST_FILE = "steamship.json"
CODE_FILE = "api.py"
REQUIREMENTS_FILE = "requirements.txt"
# The engine's grammars; it checks them again.
PACKAGE_HANDLE = re.compile(r"[a-z][a-z0-9_-]{0,63}")
PACKAGE_RULE = "1-64 lower-case letters, digits, dashes and underscores, a letter first"
VERSION_HANDLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,63}")
VERSION_RULE = "1-64 letters, digits and . _ + -, a letter or digit first"

_REQUIREMENT = re.compile(r"([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[[^]]*\])?\s*\(?([^;#)]*)")
_CLAUSE = re.compile(r"(===|==|~=|<=|<|>=|>|!=)\s*v?(\d+)((?:\.\d+)*)([^\s,]*)")


@dataclass(frozen=True)
class Project:
    """A folder with a manifest. `manifest` is the file's own object; unknown fields are kept."""

    folder: Path
    manifest: dict[str, Any] = field(repr=False)

    @property
    def handle(self) -> str:
        """The package's handle."""
        return str(self.manifest["handle"])

    @property
    def version(self) -> str:
        """The version's handle."""
        return str(self.manifest["version"])

    @property
    def is_public(self) -> bool:
        """Whether everybody may use the package."""
        return self.manifest.get("public") is True

    @property
    def description(self) -> str | None:
        """One line about the package."""
        text = self.manifest.get("description")
        return text if isinstance(text, str) else None

    @property
    def source(self) -> Path:
        """The folder of `api.py`: `src` where it is there, else the project itself."""
        inner = self.folder / "src"
        return inner if (inner / CODE_FILE).is_file() else self.folder

    @property
    def readme(self) -> str | None:
        """The text of README.md, in any case of its letters."""
        names = sorted(p for p in self.folder.iterdir() if p.name.lower() == "readme.md" and p.is_file())
        return names[0].read_text("utf-8", errors="replace") if names else None

    def requirements(self) -> list[tuple[str, str]]:
        """The names (normalised) and the version specifiers of requirements.txt."""
        for folder in (self.folder, self.source):
            path = folder / REQUIREMENTS_FILE
            if path.is_file():
                return list(_requirements(path.read_text("utf-8", errors="replace")))
        return []

    def is_original(self) -> bool:
        """Whether the code is written on the original SDK, so that this one cannot import it."""
        wish = self.manifest.get("runtime")
        if wish in {"native", "original"}:
            return bool(wish == "original")
        if any((folder / "steamship").is_dir() for folder in (self.folder, self.source)):
            return True
        return any(name == "steamship" and not admits_3(spec) for name, spec in self.requirements())

    def with_version(self, version: str) -> Project:
        """The same folder under another version."""
        return Project(self.folder, {**self.manifest, "version": version})


def write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    """Write the manifest of a folder. Raises InvalidManifestError."""
    path = folder / MANIFEST_FILE
    try:
        path.write_text(manifest_text(manifest), "utf-8")
    except OSError as error:
        raise InvalidManifestError(
            f'"{path}" cannot be written: {error.strerror}.', suggestion="Make the folder writable for you."
        ) from error


def note_in_manifest(folder: Path, **fields: Any) -> None:
    """Write some fields into the folder's manifest, and leave the rest as it stands."""
    write_manifest(folder, {**(read_manifest(folder) or {}), **fields})


def manifest_text(manifest: dict[str, Any]) -> str:
    """A manifest as it stands in its file: indented with tabs, as the original writes it."""
    return json.dumps(manifest, indent="\t", ensure_ascii=False) + "\n"


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest of a folder as it stands there, None without one. Raises InvalidManifestError."""
    path = folder / MANIFEST_FILE
    try:
        found = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise InvalidManifestError(f'"{path}" cannot be read: {error.strerror}.') from error
    except json.JSONDecodeError as error:
        raise InvalidManifestError(
            f'"{path}" is not JSON: {error.msg} at line {error.lineno}, column {error.colno}.',
            suggestion="Mend that line.",
        ) from error
    except (ValueError, RecursionError) as error:
        raise InvalidManifestError(f'"{path}" is not JSON: {error}.', suggestion="Mend it.") from error
    if not isinstance(found, dict):
        raise InvalidManifestError(
            f'"{path}" is not a JSON object.', suggestion='Write {"handle": ...} in it.'
        )
    return found


def check_manifest(manifest: dict[str, Any]) -> dict[str, Any]:
    """The manifest with what it may leave out filled in. Raises InvalidManifestError naming every bad field."""
    from pydantic import ValidationError

    from steamship.data.manifest import Manifest

    problems: list[str] = []
    try:
        Manifest.model_validate(manifest)
    except ValidationError as error:
        for each in error.errors(include_url=False):
            name = ".".join(map(str, each["loc"]))
            said = (
                "is missing" if each["type"] == "missing" else f"{each['msg'][:1].lower()}{each['msg'][1:]}"
            )
            shown = "" if each["type"] == "missing" else f" is {json.dumps(each['input'], default=str)[:60]}:"
            problems.append(f'"{name}"{shown} {said}')
    problems += _bad_handle(manifest.get("handle"), "handle", PACKAGE_HANDLE, PACKAGE_RULE)
    problems += _bad_handle(manifest.get("version"), "version", VERSION_HANDLE, VERSION_RULE)
    problems += limit_problems(manifest.get("limits"))
    problems += network_problems(manifest.get("network"))
    if manifest.get("type", "package") == "plugin":
        problems.append('"type" is "plugin": this engine has packages only')
    if problems:
        raise InvalidManifestError(
            f"{MANIFEST_FILE}: {'; '.join(dict.fromkeys(problems))}.", suggestion="Mend the named fields."
        )
    registry = {"tags": [], **(manifest.get("steamshipRegistry") or {})}
    # What the original's clients insist on in a package's profile.
    return {"type": "package", "public": False, **manifest, "steamshipRegistry": registry}


def next_version(taken: Sequence[str]) -> str:
    """A free version handle after the newest of `taken`, which comes first."""
    newest = taken[0] if taken else "0.0.9"
    form = re.fullmatch(r"(.*?)(\d+)(\D*)", newest)
    if form is None:
        newest, form = f"{newest}.0", re.fullmatch(r"(.*?)(\d+)(\D*)", f"{newest}.0")
    assert form is not None
    number = int(form[2])
    used = {handle.lower() for handle in taken}
    while True:
        number += 1
        handle = f"{form[1]}{number}{form[3]}"
        if handle.lower() not in used:
            return handle


def admits_3(specifier: str) -> bool:
    """Whether a version specifier such as `>=2.17,<3` admits a version 3 or later."""
    for operator, major, rest, tail in _CLAUSE.findall(specifier):
        below_3 = int(major) < 3
        if operator in {"==", "===", "<=", "~="} and below_3:
            return False
        at_3 = int(major) == 3 and not tail and not rest.strip(".0")
        if operator == "<" and (below_3 or at_3):
            return False
    return True


def normalised(name: str) -> str:
    """A distribution's or module's name in the form in which two spellings are one."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _requirements(text: str) -> list[tuple[str, str]]:
    found = []
    for line in text.splitlines():
        form = _REQUIREMENT.match(line.strip())
        if form is not None:
            found.append((normalised(form[1]), form[2].strip()))
    return found


def _bad_handle(value: Any, field_name: str, form: re.Pattern[str], rule: str) -> list[str]:
    if not isinstance(value, str) or form.fullmatch(value):
        return []
    return [f'"{field_name}" is "{value[:80]}": it must be {rule}']
