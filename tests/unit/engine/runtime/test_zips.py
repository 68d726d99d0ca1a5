"""What a zip's entries may be called and be."""

from __future__ import annotations

import stat
import zipfile

import pytest

from steamship_engine.model.errors import InvalidBundleError, TooLargeError
from steamship_engine.model.limits import BundleLimits
from steamship_engine.runtime.zips import check_entries


def _entry(name: str, mode: int = 0, flags: int = 0, method: int = zipfile.ZIP_DEFLATED) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo("x")
    entry.filename = entry.orig_filename = name
    entry.external_attr = mode << 16
    entry.flag_bits = flags
    entry.compress_type = method
    return entry


def _refusal(*entries: zipfile.ZipInfo) -> str:
    with pytest.raises(InvalidBundleError) as refused:
        check_entries(entries)
    return refused.value.message


def test_plain_files_and_folders_pass():
    """Files and folders, hidden and foreign names too, are fine."""
    names = ["api.py", ".steamship/", ".steamship/secrets.toml", "data/ü b.txt", "a/b/c", "steamship.json"]
    check_entries([_entry(name) for name in names])
    check_entries([_entry("run.sh", stat.S_IFREG | 0o755), _entry("data/", stat.S_IFDIR | 0o755)])


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("../api.py", '".."'),
        ("a/../../b", '".."'),
        ("a/..", '".."'),
        ("./api.py", '"."'),
        ("a//b", "empty"),
        ("", "empty"),
        ("/", "absolute"),
        ("/etc/passwd", "absolute"),
        ("C:/windows", "absolute"),
        ("c:evil", "absolute"),
        ("..\\api.py", "backslash"),
        ("a\\b", "backslash"),
        ("api.py\x00.txt", "control character"),
        ("a\nb", "control character"),
        ("a\x7fb", "control character"),
        ("a\x85b", "control character"),
        ("a" * 256, "255 bytes"),
        ("é" * 128, "255 bytes"),
        ("/".join(["a"] * 33), "32 folders"),
        ("/".join(["a" * 200] * 6), "1024"),
    ],
)
def test_a_dangerous_name_is_refused(name, reason):
    """A name that could lead elsewhere, or that a person cannot read, is refused with the reason."""
    assert reason in _refusal(_entry(name))


@pytest.mark.parametrize(
    "mode",
    [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFIFO, stat.S_IFSOCK, stat.S_IFDIR],
)
def test_special_files_are_refused(mode):
    """Links, devices, pipes, sockets, and a folder that is called a file, are refused."""
    assert "special file" in _refusal(_entry("api.py", mode | 0o777))


def test_a_file_that_is_called_a_folder_is_refused():
    """An entry whose name ends in a slash cannot be a file."""
    assert "special file" in _refusal(_entry("a/", stat.S_IFREG | 0o644))


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        (["api.py", "API.py"], "differs only in case"),
        (["a/x", "A/y"], "differs only in case"),
        (["é.py", "e\u0301.py"], "differs only in case or accents"),
        (["straße", "STRASSE"], "differs only in case"),
        (["a", "a/b"], "both a file and a folder"),
        (["a/b", "a"], "both a file and a folder"),
        (["a/", "a"], "both a file and a folder"),
    ],
)
def test_clashing_names_are_refused(names, reason):
    """Two entries that would be one on some file system are refused."""
    assert reason in _refusal(*map(_entry, names))


def test_a_folder_may_be_there_twice():
    """A folder's own entry may be repeated: nothing can be lost by it."""
    check_entries([_entry("a/"), _entry("a/"), _entry("a/b")])


@pytest.mark.parametrize("flags", [0x1, 0x41, 0x2000])
def test_an_encrypted_entry_is_refused(flags):
    """An entry behind a password is refused."""
    assert "encrypted" in _refusal(_entry("api.py", flags=flags))


def test_other_packings_are_refused():
    """bzip2 and LZMA, which can ask for much memory, are refused."""
    assert "packed" in _refusal(_entry("api.py", method=zipfile.ZIP_LZMA))


def test_too_many_entries_are_refused():
    """The number of entries has a limit."""
    with pytest.raises(TooLargeError, match="2 entries"):
        check_entries([_entry(name) for name in "abc"], BundleLimits(entries=2))


def test_many_deep_entries_are_checked_quickly():
    """Thousands of the longest names that the limits admit are checked in a moment."""
    check_entries([_entry("/".join([f"{n:05}" + "a" * 24] * 32)) for n in range(2_000)])
