"""Hostile zips: every entry is checked before anything is written, and bytes are counted while inflating."""

from __future__ import annotations

import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import IO

from steamship_engine.model.errors import InvalidBundleError, TooLargeError
from steamship_engine.model.limits import BUNDLE, BundleLimits

CHUNK = 256 * 1024
_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR64 = struct.Struct("<4sLQL")
_LOCAL = struct.Struct("<4s5H3L2H")
_ENCRYPTED = 0x1 | 0x40 | 0x2000
_READABLE = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_BROKEN = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, OverflowError, RuntimeError,
    UnicodeError, ValueError,
)  # fmt: skip


def unpack(source: Path, target: Path, limits: BundleLimits = BUNDLE) -> None:
    """Check the zip at `source` and unpack it into the existing, empty folder `target`, read-only.

    Raises TooLargeError or InvalidBundleError; what was written until then stays in `target`.
    """
    size = source.stat().st_size
    if size > limits.packed:
        raise TooLargeError(
            f'The bundle has "{size}" bytes; at most {limits.packed} are allowed.',
            suggestion="Leave data files out and fetch them when the package runs.",
        )
    try:
        with source.open("rb") as stream:
            _check_directory(stream, size, limits)
            with zipfile.ZipFile(stream) as archive:
                entries = archive.infolist()
                check_entries(entries, limits)
                _check_overlap(stream, entries, archive.start_dir)
                _inflate(archive, entries, size, target, limits)
    except _BROKEN as error:
        raise InvalidBundleError(
            f'The bundle is no zip that can be read: "{_words(error)}".', suggestion="Make the zip again."
        ) from error


def check_entries(entries: Iterable[zipfile.ZipInfo], limits: BundleLimits = BUNDLE) -> None:
    """Refuse what an entry may not be, by what the zip's table says of it. Raises InvalidBundleError."""
    seen: dict[str, tuple[str, bool]] = {}
    for count, entry in enumerate(entries, 1):
        if count > limits.entries:
            raise TooLargeError(
                f"The bundle has more than {limits.entries} entries.", suggestion="Leave files out."
            )
        name = entry.orig_filename
        _check_name(name, limits)
        if entry.flag_bits & _ENCRYPTED:
            raise _refused(name, "is encrypted", "Make the zip without a password.")
        if entry.compress_type not in _READABLE:
            raise _refused(name, "is packed in a way other than stored or deflated", "Make the zip again.")
        allowed = stat.S_IFDIR if name.endswith("/") else stat.S_IFREG
        if stat.S_IFMT(entry.external_attr >> 16) not in (0, allowed):
            raise _refused(name, "is a link, a device or another special file", "Put in plain files only.")
        _check_clash(name, seen)


def _check_directory(stream: IO[bytes], size: int, limits: BundleLimits) -> None:
    """Refuse a table of contents too large to be read into memory, before it is read."""
    tail_size = min(size, _END.size + 0xFFFF)
    stream.seek(size - tail_size)
    tail = stream.read(tail_size)
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < _END.size:
        raise InvalidBundleError(
            "The bundle is no zip: its end record is missing.", suggestion="Upload a zip file."
        )
    fields = _END.unpack_from(tail, at)
    entries, directory = fields[4], fields[5]
    locator = at - _LOCATOR64.size
    if locator >= 0 and tail.startswith(b"PK\x06\x07", locator):
        end64 = size - tail_size + locator - _END64.size
        if end64 >= 0:
            stream.seek(end64)
            entries, directory = _END64.unpack(stream.read(_END64.size))[7:9]
    if entries > limits.entries or directory > limits.directory:
        raise TooLargeError(
            f'The bundle has "{entries}" entries in a table of "{directory}" bytes; at most {limits.entries} '
            f"entries and {limits.directory} bytes are allowed.",
            suggestion="Leave files out.",
        )


def _check_name(name: str, limits: BundleLimits) -> None:
    parts = name.removesuffix("/").split("/")
    if any(unicodedata.category(letter) in ("Cc", "Cs") for letter in name):
        raise _refused(name, "has a control character in its name", "Rename the file.")
    if "\\" in name:
        raise _refused(name, "has a backslash in its name", "Separate folders by slashes.")
    if name.startswith("/") or (len(name) > 1 and name[1] == ":"):
        raise _refused(name, "has an absolute path", "Make the zip from within the package's folder.")
    if any(part in ("", ".", "..") for part in parts):
        raise _refused(name, 'has an empty, "." or ".." part in its path', "Use plain relative paths.")
    if len(parts) > limits.depth:
        raise _refused(name, f"lies more than {limits.depth} folders deep", "Use fewer folders.")
    encoded = [len(part.encode()) for part in parts]
    if max(encoded) > limits.name or sum(encoded) + len(parts) > limits.path:
        raise _refused(
            name, f"has a path over {limits.path} or a name over {limits.name} bytes", "Shorten it."
        )


def _check_clash(name: str, seen: dict[str, tuple[str, bool]]) -> None:
    """Refuse two names that some file system would hold to be one, and files that are folders too.

    One name may be there twice: the original's command line puts what is in every folder of a project at
    the root, so that a README.md of two folders is two entries.
    """
    parts = name.removesuffix("/").split("/")
    path = folded = ""
    for depth, part in enumerate(parts, 1):
        path = f"{path}/{part}" if path else part
        folded = f"{folded}/{_folded(part)}"
        is_file = depth == len(parts) and not name.endswith("/")
        known, known_file = seen.setdefault(folded, (path, is_file))
        if known != path:
            raise _refused(path, f'differs only in case or accents\' form from "{known}"', "Rename one.")
        if known_file != is_file:
            raise _refused(path, "is both a file and a folder", "Rename one.")


def _folded(name: str) -> str:
    """The form in which names are equal that some file system holds to be equal."""
    return (
        name.lower()
        if name.isascii()
        else unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
    )


def _check_overlap(stream: IO[bytes], entries: list[zipfile.ZipInfo], directory: int) -> None:
    """Refuse entries that share bytes with one another or with the table: a bomb made of one kernel."""
    end, before = 0, ""
    for entry in sorted(entries, key=lambda entry: entry.header_offset):
        if not 0 <= entry.header_offset < directory:
            raise _refused(entry.orig_filename, "lies outside the zip's contents", "Make the zip again.")
        stream.seek(entry.header_offset)
        header = stream.read(_LOCAL.size)
        if len(header) < _LOCAL.size or entry.header_offset < end:
            raise _refused(entry.orig_filename, f'overlaps "{before}"', "Make the zip again.")
        name_size, extra_size = _LOCAL.unpack(header)[-2:]
        end = entry.header_offset + _LOCAL.size + name_size + extra_size + entry.compress_size
        before = entry.orig_filename
    if end > directory:
        raise _refused(before, "overlaps the zip's table of contents", "Make the zip again.")


def _inflate(
    archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo], size: int, target: Path, limits: BundleLimits
) -> None:
    total = 0
    last = {entry.orig_filename: entry for entry in entries}  # of one name's entries it counts, as everywhere
    for entry in last.values():
        path = target / entry.orig_filename
        if entry.orig_filename.endswith("/"):
            path.mkdir(parents=True, exist_ok=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        written = 0
        with archive.open(entry) as packed, path.open("xb") as plain:
            while chunk := packed.read(CHUNK):
                written += len(chunk)
                total += len(chunk)
                _check_inflated(entry, written, total, size, limits)
                plain.write(chunk)
        path.chmod(0o555 if entry.external_attr >> 16 & 0o111 else 0o444)


def _check_inflated(
    entry: zipfile.ZipInfo, written: int, total: int, size: int, limits: BundleLimits
) -> None:
    if total > limits.inflated:
        raise TooLargeError(
            f'The bundle inflates to more than {limits.inflated} bytes, at "{entry.orig_filename}".',
            suggestion="Leave data files out and fetch them when the package runs.",
        )
    packed = max(entry.compress_size, 1)
    if (written > limits.ratio_floor and written > limits.ratio * packed) or (
        total > limits.ratio_floor and total > limits.ratio * size
    ):
        raise _refused(
            entry.orig_filename, f"inflates to more than {limits.ratio} times its size", "Leave it out."
        )


def _refused(name: str, reason: str, suggestion: str) -> InvalidBundleError:
    shown = name.encode("unicode_escape").decode()[:200]
    return InvalidBundleError(f'The bundle\'s entry "{shown}" {reason}.', suggestion=suggestion)


def _words(error: BaseException) -> str:
    return (str(error) or type(error).__name__)[:200]
