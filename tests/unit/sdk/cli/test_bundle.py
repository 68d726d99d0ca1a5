"""The zip that a deploy uploads."""

from __future__ import annotations

import io
import json
import os
import zipfile
from pathlib import Path

import pytest

from steamship.base.error import InvalidBundleError, TooLargeError
from steamship.cli import bundle
from steamship.cli.bundle import make_bundle
from steamship.cli.project import Project

MANIFEST = {"handle": "greeter", "version": "1.0.0"}


def _write(folder: Path, *names: str, text: str = "x") -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def _names(folder: Path, **manifest) -> list[str]:
    made = make_bundle(Project(folder, {**MANIFEST, **manifest}))
    archive = zipfile.ZipFile(io.BytesIO(made.content))
    assert archive.testzip() is None
    assert tuple(archive.namelist()) == made.files
    return archive.namelist()


def test_tree_is_kept(tmp_path):
    """Files keep their place, hidden ones too, and the manifest is there even if no file is."""
    _write(tmp_path, "api.py", "lib/more/deep.py", "data.csv", ".steamship/secrets.toml")
    assert _names(tmp_path) == [
        ".steamship/secrets.toml",
        "api.py",
        "data.csv",
        "lib/more/deep.py",
        "steamship.json",
    ]


def test_src_is_the_root(tmp_path):
    """`src/` with api.py in it is taken as the root, its secrets too; the rest keeps its place."""
    _write(
        tmp_path,
        "src/api.py",
        "src/lib/a.py",
        "src/.steamship/secrets.toml",
        "src/tests/t.py",
        "README.md",
        "assets/i.png",
    )
    assert _names(tmp_path) == [
        ".steamship/secrets.toml", "README.md", "api.py", "assets/i.png", "lib/a.py", "steamship.json",
    ]  # fmt: skip


def test_src_without_api_stays(tmp_path):
    """`src/` without api.py is a folder like any other."""
    _write(tmp_path, "api.py", "src/lib.py")
    assert _names(tmp_path) == ["api.py", "src/lib.py", "steamship.json"]


def test_exclusions(tmp_path):
    """What is no part of a package stays out: at the root only where the word may mean something deeper down."""
    _write(tmp_path, "api.py", *(f"{name}/x" for name in ("build", "venv", "tests", "examples")))
    _write(
        tmp_path, *(f"{name}/x" for name in (".git", ".venv", ".ipynb_checkpoints", ".idea", "__pycache__"))
    )
    _write(tmp_path, ".DS_Store", "lib/.DS_Store", "lib/__pycache__/x.pyc", "lib/tests/kept.py")
    assert _names(tmp_path) == ["api.py", "lib/tests/kept.py", "steamship.json"]


def test_ignored_by_manifest_and_file(tmp_path):
    """`build_config.ignore` and the lines of .shipignore leave out names, paths and patterns."""
    _write(
        tmp_path,
        "api.py",
        "notes.txt",
        "data/a.csv",
        "data/b.json",
        "lib/big.bin",
        "other/kept.csv",
        "temp/x",
    )
    _write(tmp_path, ".shipignore", text="# a remark\n\n*.bin\ndata/*.csv\ntemp/\n")
    assert _names(tmp_path, build_config={"ignore": ["notes.txt"]}) == [
        "api.py", "data/b.json", "other/kept.csv", "steamship.json",
    ]  # fmt: skip


def test_same_files_same_bytes(tmp_path):
    """The bundle depends on names, contents and the executable bit, not on times or order of creation."""
    made = []
    for number, names in enumerate((["api.py", "lib/a.py", "run.sh"], ["run.sh", "lib/a.py", "api.py"])):
        folder = tmp_path / str(number)
        _write(folder, *names)
        (folder / "run.sh").chmod(0o755)
        os.utime(folder / "api.py", (number * 1e8, number * 1e8))
        made.append(make_bundle(Project(folder, MANIFEST)).content)
    assert made[0] == made[1]


def test_manifest_is_what_is_deployed(tmp_path):
    """The bundle's manifest is the one that is deployed, with a version from a flag, not the file's."""
    _write(tmp_path, "api.py")
    _write(tmp_path, "steamship.json", text=json.dumps(MANIFEST))
    content = make_bundle(Project(tmp_path, {**MANIFEST, "version": "2.0.0"})).content
    assert json.loads(zipfile.ZipFile(io.BytesIO(content)).read("steamship.json"))["version"] == "2.0.0"


def test_no_api(tmp_path):
    """A folder without api.py is no package; nor is one whose api.py is left out."""
    _write(tmp_path, "main.py")
    with pytest.raises(InvalidBundleError, match=r'no "api\.py"'):
        make_bundle(Project(tmp_path, MANIFEST))
    _write(tmp_path, "api.py")
    with pytest.raises(InvalidBundleError, match=r'no "api\.py"'):
        make_bundle(Project(tmp_path, {**MANIFEST, "build_config": {"ignore": ["api.py"]}}))


@pytest.mark.parametrize("names", [("src/api.py", "api.py"), ("src/api.py", "src/A.py", "a.py")])
def test_two_files_of_one_name(tmp_path, names):
    """Two files that would have one name in the bundle, in whatever case, are refused by both names."""
    _write(tmp_path, *names)
    with pytest.raises(InvalidBundleError, match=r"would both be"):
        make_bundle(Project(tmp_path, MANIFEST))


def test_links_inside_are_followed(tmp_path):
    """A link to a file or folder within the project becomes what it leads to."""
    _write(tmp_path, "api.py", "lib/a.py")
    (tmp_path / "b.py").symlink_to("lib/a.py")
    (tmp_path / "again").symlink_to("lib")
    assert _names(tmp_path) == ["again/a.py", "api.py", "b.py", "lib/a.py", "steamship.json"]


@pytest.mark.parametrize("target", ["/etc/hostname", "..", "../elsewhere", "missing", "lib", "lib/up"])
def test_bad_links(tmp_path, target):
    """A link out of the folder, in a circle or to nothing is refused by its name, unless it is ignored."""
    folder = tmp_path / "project"
    _write(folder, "api.py", "lib/a.py")
    (tmp_path / "elsewhere").mkdir()
    link = folder / "lib" / "up"
    link.symlink_to(
        {"lib": "../lib", "lib/up": "up"}.get(target, target if target.startswith("/") else f"../{target}")
    )
    if target == "..":
        link.unlink()
        link.symlink_to("../..")
    with pytest.raises(InvalidBundleError, match='"lib/up"'):
        make_bundle(Project(folder, MANIFEST))
    _write(folder, ".shipignore", text="lib/up\n")
    assert make_bundle(Project(folder, MANIFEST)).files == ("api.py", "lib/a.py", "steamship.json")


def test_no_regular_file(tmp_path):
    """A pipe is refused by its name."""
    _write(tmp_path, "api.py")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InvalidBundleError, match='"pipe" is no regular file'):
        make_bundle(Project(tmp_path, MANIFEST))


@pytest.mark.parametrize("name", ["new\nline", "back\\slash", b"\xff".decode("utf-8", "surrogateescape")])
def test_bad_names(tmp_path, name):
    """Names that the engine would refuse are refused here."""
    _write(tmp_path, "api.py", name)
    with pytest.raises(InvalidBundleError, match="The name"):
        make_bundle(Project(tmp_path, MANIFEST))


def test_large_files_are_named(tmp_path):
    """Files above 10 MiB are in the bundle and are named."""
    _write(tmp_path, "api.py")
    with (tmp_path / "big.bin").open("wb") as file:
        file.truncate(bundle.LARGE_FILE + 1)
    assert make_bundle(Project(tmp_path, MANIFEST)).large == (("big.bin", bundle.LARGE_FILE + 1),)


@pytest.mark.parametrize(("limit", "value"), [("MOST_FILES", 2), ("MOST_INFLATED", 3), ("MOST_PACKED", 10)])
def test_limits(tmp_path, monkeypatch, limit, value):
    """A bundle above a limit is refused before it is sent, with a way out."""
    _write(tmp_path, "api.py", "other.py", text="xxxx")
    monkeypatch.setattr(bundle, limit, value)
    with pytest.raises(TooLargeError) as caught:
        make_bundle(Project(tmp_path, MANIFEST))
    assert ".shipignore" in caught.value.suggestion
