"""requirements.txt: what is taken, what is refused, and what it says of the SDK."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steamship_engine.model.errors import InvalidRequirementsError
from steamship_engine.model.limits import BundleLimits
from steamship_engine.runtime.requirements import parse


def test_lines_are_normalised_and_sorted():
    """Two spellings of the same requirements, in any order, give the same lines."""
    one = parse("Requests[Socks] >=2,<3 # why\n\nattrs\n")
    other = parse("attrs\nrequests[socks]<3,>=2\n")
    assert one.lines == other.lines == ("attrs", "requests[socks]<3,>=2")


def test_markers_stay():
    """A marker is part of the requirement."""
    assert parse("tomli; python_version<'3.11'").lines == ('tomli ; python_version < "3.11"',)


def test_a_continued_line_is_one():
    """A backslash at a line's end joins the next one, and the first line's number counts."""
    assert parse("attrs\\\n>=1\n").lines == ("attrs>=1",)
    with pytest.raises(InvalidRequirementsError, match="line 2"):
        parse("attrs\n-r \\\nother.txt\n")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("-r other.txt", "is an option"),
        ("--index-url https://elsewhere.test/simple", "is an option"),
        ("-e .", "is an option"),
        ("attrs --hash=sha256:00", "is an option"),
        ("https://elsewhere.test/attrs-1.0.zip", "is an address"),
        ("git+https://elsewhere.test/attrs", "is an address"),
        ("attrs @ https://elsewhere.test/attrs-1.0-py3-none-any.whl", "is a"),
        ("attrs @ file:///etc", "is an address"),
        ("./attrs", "is a path"),
        ("../attrs", "is a path"),
        ("/srv/attrs", "is a path"),
        ("attrs-1.0-py3-none-any.whl", "is a path"),
        ("attrs==", "is no requirement"),
        ("two words", "is no requirement"),
    ],
)
def test_whatever_is_no_name_is_refused_with_its_line(line, reason):
    """Options, addresses, paths and nonsense are refused, and the message names the line."""
    with pytest.raises(InvalidRequirementsError) as refused:
        parse(f"attrs\n\n{line}\n")
    assert "line 3" in refused.value.message
    assert reason in refused.value.message


def test_credentials_do_not_reach_the_message():
    """A refused address is shown without its user and password."""
    with pytest.raises(InvalidRequirementsError) as refused:
        parse("https://me:secret@elsewhere.test/attrs.zip")
    assert "secret" not in refused.value.message


def test_too_many_lines_are_refused():
    """The number of requirements has a limit."""
    with pytest.raises(InvalidRequirementsError, match='"2"'):
        parse("a\nb\nc\n", BundleLimits(requirements=2))


@pytest.mark.parametrize(
    ("line", "native"),
    [
        ("", True),
        ("steamship", True),
        ("Steamship >= 2.17", True),
        ("steamship>=2,!=3.0.0", True),
        ("steamship==3.*", True),
        ("steamship>=3.0.1,<3.0.2", True),
        ("steamship>3.0,<3.1", True),
        ("steamship==3.0.0rc1", True),
        ("steamship<3", False),
        ("steamship==2.17.34", False),
        ("steamship~=2.17", False),
        ("steamship>=2,<3", False),
        ("steamship==2.*", False),
        ("steamship===strange", False),
        ("steamship==2.17.34; python_version < '3'", True),
        ("steamship\nsteamship<3", False),
    ],
)
def test_a_line_about_the_sdk_is_native_if_it_admits_3(line, native):
    """The SDK's lines are kept apart and tell for which SDK the code was written."""
    asked = parse(f"attrs\n{line}\n")
    assert asked.lines == ("attrs",)
    assert asked.admits_native is native


def test_the_engine_can_tell_whether_its_sdk_is_asked_for():
    """A line may ask for a newer SDK than the engine has."""
    assert parse("steamship>=3").admits_sdk("3.0.0")
    assert not parse("steamship>=3.5").admits_sdk("3.0.0")


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("attrs\nsteamship==2.17.34", ("attrs", "steamship==2.17.34")),
        ("Steamship[extra]~=2.17", ("steamship[extra]~=2.17",)),
        ("steamship>=2", ("steamship<3", "steamship>=2")),
        ("attrs", ("attrs",)),
    ],
)
def test_an_original_gets_an_sdk_below_3(text, lines):
    """An original's environment has the SDK that its lines name, never one from version 3 on."""
    assert parse(text).original_lines == lines


@given(st.text(max_size=200))
def test_any_text_is_taken_or_refused(text):
    """No text makes the parser fail in another way than by refusing it."""
    try:
        asked = parse(text)
    except InvalidRequirementsError:
        return
    assert asked.admits_native in (True, False)
