"""Bundles: unpacked once per digest into `{data}/bundles/{digest}`, and what they say about themselves."""

from __future__ import annotations

import hashlib
import re
import threading
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

from steamship_engine.model.errors import (
    InvalidBundleError,
    InvalidManifestError,
    InvalidRequirementsError,
    UnavailableError,
)
from steamship_engine.model.limits import BUNDLE, BundleLimits
from steamship_engine.model.states import VersionKind
from steamship_engine.model.strict_json import NotJsonError, read_json
from steamship_engine.runtime import requirements, trees, zips
from steamship_engine.runtime.port import BundleFacts
from steamship_engine.runtime.requirements import Requirements
from steamship_engine.runtime.scratch import Scratch

_SDK_FOLDER = "steamship"
_DIGEST = re.compile(r"[0-9a-f]{64}")


class Bundles:
    """The folder of unpacked bundles. Blocking; safe to use from several threads and processes."""

    def __init__(self, root: Path, scratch: Scratch, limits: BundleLimits = BUNDLE) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self._root, self._scratch, self._limits = root, scratch, limits
        self._unpacking: WeakValueDictionary[str, threading.Lock] = WeakValueDictionary()
        self._guard = threading.Lock()

    def inspect(self, source: Path, digest: str) -> BundleFacts:
        """Unpack the zip at `source`, whose SHA-256 is `digest`, unless it is there; then read its facts.

        Raises TooLargeError, InvalidBundleError, InvalidRequirementsError, InvalidManifestError. Nothing
        stays of a zip that cannot be unpacked.
        """
        final = self._path(digest)
        with self._guard:
            lock = self._unpacking.setdefault(digest, threading.Lock())
        with lock:
            if not final.is_dir():
                self._unpack(source, digest, final)
        return self.facts(digest)

    def unpacked(self) -> list[str]:
        """The digests of all bundles that are there."""
        return [path.name for path in self._root.iterdir() if _DIGEST.fullmatch(path.name)]

    def forget(self, digest: str) -> None:
        """Remove the bundle, if it is there: away from its place at once, so that no half of it is ever seen."""
        final, aside = self._path(digest), self._scratch.folder("bundle")
        try:
            # A folder that is moved elsewhere must be writable itself.
            final.chmod(0o700)
            final.rename(aside / digest)
        except FileNotFoundError:
            return
        finally:
            trees.remove(aside)

    def folder(self, digest: str) -> Path:
        """Where the bundle lies. Raises UnavailableError when it is not unpacked here."""
        final = self._path(digest)
        if not final.is_dir():
            raise UnavailableError(
                f'The bundle "{digest}" is not unpacked on this engine.',
                suggestion="Deploy the version again.",
            )
        return final

    def facts(self, digest: str) -> BundleFacts:
        """What the unpacked bundle says about itself."""
        folder = self.folder(digest)
        manifest = _manifest(_text(folder, "steamship.json", self._limits))
        asked = self.requirements(digest)
        kind, reason = _kind(folder, asked, manifest)
        lines = asked.original_lines if kind is VersionKind.ORIGINAL else asked.lines
        readme = _text(folder, _readme_name(folder), self._limits)
        return BundleFacts(digest, kind, reason, lines, readme, manifest)

    def requirements(self, digest: str) -> Requirements:
        """Its requirements.txt, read; an absent one is empty. Raises InvalidRequirementsError."""
        text = _text(self.folder(digest), "requirements.txt", self._limits)
        return requirements.parse(text or "", self._limits)

    def original_lines(self, digest: str) -> tuple[str, ...]:
        """What an original's environment needs. Raises InvalidRequirementsError where nothing brings its SDK."""
        asked = self.requirements(digest)
        if not asked.sdk and not (self.folder(digest) / _SDK_FOLDER).is_dir():
            raise InvalidRequirementsError(
                'steamship.json says "runtime": "original", and there is no original SDK: no folder '
                f'"{_SDK_FOLDER}/" in the bundle, and no steamship in requirements.txt.',
                suggestion="Add the line `steamship==2.17.34` to requirements.txt.",
            )
        return asked.original_lines

    def _unpack(self, source: Path, digest: str, final: Path) -> None:
        """Unpack aside and rename; another engine process may have been first, which is as good."""
        _check_digest(source, digest)
        aside = self._scratch.folder("bundle")
        try:
            zips.unpack(source, aside, self._limits)
            trees.freeze(aside)
            trees.place(aside, final)
        finally:
            trees.remove(aside)

    def _path(self, digest: str) -> Path:
        if not _DIGEST.fullmatch(digest):
            raise ValueError(f'"{digest}" is no SHA-256 in lower-case hex')
        return self._root / digest


def _check_digest(source: Path, digest: str) -> None:
    with source.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if found != digest:
        raise InvalidBundleError(
            f'The bundle has digest "{found}", not "{digest}": it was damaged on its way.',
            suggestion="Upload it again.",
        )


def _text(folder: Path, name: str, limits: BundleLimits) -> str | None:
    """A text file at the bundle's root, None when it is not there."""
    path = folder / name
    if not path.is_file():
        return None
    size = path.stat().st_size
    if size > limits.text_file:
        raise InvalidBundleError(
            f'The bundle\'s "{name}" has "{size}" bytes; at most {limits.text_file} are allowed.',
            suggestion="Shorten it.",
        )
    return path.read_bytes().decode("utf-8-sig", errors="replace")


def _readme_name(folder: Path) -> str:
    names = sorted(path.name for path in folder.iterdir() if path.name.lower() == "readme.md")
    return names[0] if names else "README.md"


def _manifest(text: str | None) -> dict[str, Any] | None:
    if text is None:
        return None
    try:
        manifest = read_json(text)
    except NotJsonError as error:
        raise InvalidManifestError(
            f"steamship.json is not JSON: {error}.", suggestion="Correct steamship.json."
        ) from error
    if not isinstance(manifest, dict):
        raise InvalidManifestError(
            f'steamship.json holds "{_shown(text)}", not an object.',
            suggestion='Write {"type": "package", …}.',
        )
    wish = manifest.get("runtime")
    if wish not in (None, *VersionKind):
        raise InvalidManifestError(
            f'steamship.json says "runtime": "{_shown(str(wish))}".',
            suggestion='Use "native" or "original", or leave it out.',
        )
    return manifest


def _shown(text: str) -> str:
    """Its beginning, without halves of surrogate pairs."""
    return text[:40].encode("utf-8", "replace").decode()


def _kind(folder: Path, asked: Requirements, manifest: dict[str, Any] | None) -> tuple[VersionKind, str]:
    """Which SDK the code is written on, and the reason in words."""
    wish = (manifest or {}).get("runtime")
    if wish is not None:
        return VersionKind(wish), f'steamship.json says "runtime": "{wish}"'
    if (folder / _SDK_FOLDER).is_dir():
        return VersionKind.ORIGINAL, 'the bundle carries an SDK of its own, in the folder "steamship/"'
    if not asked.sdk:
        return VersionKind.NATIVE, "requirements.txt does not name steamship"
    lines = " and ".join(f'"{line}"' for line in asked.sdk)
    if asked.admits_native:
        return VersionKind.NATIVE, f"requirements.txt has {lines}, which admits version 3"
    return VersionKind.ORIGINAL, f"requirements.txt has {lines}, which admits versions below 3 only"
