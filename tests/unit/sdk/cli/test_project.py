"""A project's manifest and what it requires."""

from __future__ import annotations

import json

import pytest

from steamship.base.error import InvalidManifestError
from steamship.cli.project import (
    Project,
    admits_3,
    check_manifest,
    next_version,
    note_in_manifest,
    read_manifest,
)

GOOD = {"handle": "greeter", "version": "1.0.0"}


def test_manifest_is_filled_and_kept():
    """What a manifest may leave out is filled in, and fields that nobody knows are kept."""
    made = check_manifest({**GOOD, "mine": [1], "steamshipRegistry": {"imageUrl": "i"}})
    assert made == {
        **GOOD,
        "type": "package",
        "public": False,
        "mine": [1],
        "steamshipRegistry": {"tags": [], "imageUrl": "i"},
    }


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"handle": "Greeter"}, '"handle" is "Greeter": it must be 1-64 lower-case letters'),
        ({"handle": None}, '"handle" is null'),
        ({"version": "a b"}, '"version" is "a b": it must be'),
        ({"version": 1.0}, '"version" is 1.0'),
        ({"public": "perhaps"}, '"public" is "perhaps"'),
        ({"type": "plugin"}, '"type" is "plugin": this engine has packages only'),
        ({"type": "boat"}, '"type" is "boat"'),
        ({"build_config": {"ignore": "x"}}, '"build_config.ignore" is "x"'),
        ({"steamshipRegistry": {"tags": "x"}}, '"steamshipRegistry.tags" is "x"'),
    ],
)
def test_bad_field(change, words):
    """A bad field is named with its value and what it must be."""
    with pytest.raises(InvalidManifestError) as caught:
        check_manifest({**GOOD, **change})
    assert words in caught.value.message


def test_all_bad_fields_at_once():
    """Every bad field is named, missing ones too."""
    with pytest.raises(InvalidManifestError) as caught:
        check_manifest({"version": "", "public": 7})
    for words in ('"handle" is missing', '"version" is ""', '"public" is 7'):
        assert words in caught.value.message


def test_manifest_that_is_no_json(tmp_path):
    """Broken JSON is told with its place."""
    (tmp_path / "steamship.json").write_text('{"handle": "x",\n "version": }')
    with pytest.raises(InvalidManifestError, match="at line 2, column"):
        read_manifest(tmp_path)
    (tmp_path / "steamship.json").write_text("[]")
    with pytest.raises(InvalidManifestError, match="not a JSON object"):
        read_manifest(tmp_path)


def test_noting_a_version_leaves_the_rest(tmp_path):
    """A new version is written into the manifest, whose other fields and order stay."""
    before = {"zeta": "ä", **GOOD, "alpha": {"b": [1]}}
    (tmp_path / "steamship.json").write_text(json.dumps(before))
    note_in_manifest(tmp_path, version="1.0.1")
    text = (tmp_path / "steamship.json").read_text("utf-8")
    assert json.loads(text) == {**before, "version": "1.0.1"}
    assert text.startswith('{\n\t"zeta": "ä",\n')


@pytest.mark.parametrize(
    ("specifier", "admits"),
    [
        ("", True),
        (">=3", True),
        ("==3.0.0", True),
        (">=2.17", True),
        ("<4", True),
        ("<3.1", True),
        ("<3", False),
        ("<3.0", False),
        ("< 3.0.0", False),
        (">=2.17,<3", False),
        ("==2.17.34", False),
        ("== 2.*", False),
        ("===2.17.34", False),
        ("~=2.17", False),
        ("~=3.0", True),
        ("<=2.99", False),
        ("!=2.17.3", True),
    ],
)
def test_which_sdk_a_specifier_means(specifier, admits):
    """A specifier that no version 3 fits means the original SDK."""
    assert admits_3(specifier) is admits


@pytest.mark.parametrize(
    ("files", "manifest", "original"),
    [
        ({"api.py": ""}, {}, False),
        ({"api.py": "", "requirements.txt": "requests\nsteamship==2.17.34  # the hosted one\n"}, {}, True),
        ({"api.py": "", "requirements.txt": "Steamship[x]<3; python_version > '3'\n"}, {}, True),
        ({"src/api.py": "", "src/requirements.txt": "steamship<3"}, {}, True),
        ({"api.py": "", "requirements.txt": "steamship\nsteamship-langchain==0.0.1\n"}, {}, False),
        ({"api.py": "", "steamship/__init__.py": ""}, {}, True),
        ({"api.py": "", "requirements.txt": "steamship<3"}, {"runtime": "native"}, False),
        ({"api.py": ""}, {"runtime": "original"}, True),
    ],
)
def test_original_or_native(tmp_path, files, manifest, original):
    """Code is the original's by its manifest, by an SDK that it carries, or by its requirements."""
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert Project(tmp_path, {**GOOD, **manifest}).is_original() is original


@pytest.mark.parametrize(
    ("taken", "expected"),
    [
        ([], "0.0.10"),
        (["1.0.0"], "1.0.1"),
        (["1.0.9", "1.0.8"], "1.0.10"),
        (["1.0.0", "1.0.1", "1.0.2"], "1.0.3"),
        (["2.0.0-rc1"], "2.0.0-rc2"),
        (["1.2b", "1.3B"], "1.4b"),
        (["first"], "first.1"),
    ],
)
def test_next_version(taken, expected):
    """The next version counts on from the newest and is never a taken one."""
    assert next_version(taken) == expected
