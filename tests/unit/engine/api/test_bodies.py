"""JSON bodies, read defensively."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steamship_engine.api.bodies import json_object
from steamship_engine.model.errors import InvalidRequestError
from steamship_engine.model.strict_json import is_deeper

DEEPEST = 100


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b'{"a": "\xff"}', "not UTF-8"),
        (b'{"a": NaN}', '"NaN"'),
        (b'{"a": -Infinity}', '"-Infinity"'),
        (b'{"a": 1e999}', '"1e999"'),
        (b'{"a": 1, "b": {"c": 1, "c": 2}}', '"c" is there twice'),
        (b"[1]", "no object"),
        (b'"text"', "no object"),
        (b'{"a": ', "line 1"),
        (b"{" + b'"a": 1' * 2 + b"}", "line 1"),
        (b'{"a": ' + b"9" * 10_000 + b"}", "too long"),
        (b"[" * 100_000, "levels deep"),
        (b'{"a":' * 100_000, "levels deep"),
        (b'{"a":' + b"[" * DEEPEST + b"]" * DEEPEST + b"}", "levels deep"),
    ],
)
def test_what_is_no_plain_json_object_is_refused(body: bytes, why: str) -> None:
    """Bad UTF-8, NaN, duplicate keys, depth and everything that is no object give an error that says so."""
    with pytest.raises(InvalidRequestError, match=why):
        json_object(body, DEEPEST)


@pytest.mark.parametrize("body", [b"", b"  \n", b"{}"])
def test_nothing_is_an_empty_object(body: bytes) -> None:
    """An absent body is as good as `{}`: some clients send none."""
    assert json_object(body, DEEPEST) == {}


def test_a_byte_order_mark_is_skipped() -> None:
    """A byte order mark before the object does no harm."""
    assert json_object(b'\xef\xbb\xbf{"a": 1}', DEEPEST) == {"a": 1}


_TEXT = st.text('aé☃"\\/\n\0', max_size=5)
_VALUES = st.recursive(st.none() | st.booleans() | st.integers(-9, 9) | _TEXT, st.lists, max_leaves=10)


@given(st.dictionaries(_TEXT, _VALUES))
def test_every_object_comes_through_unchanged(value: dict[str, object]) -> None:
    """What Python's own encoder writes is read as it was."""
    assert json_object(json.dumps(value).encode(), DEEPEST) == value


@given(st.binary(max_size=200))
def test_no_bytes_make_it_fail_otherwise(body: bytes) -> None:
    """Whatever the bytes, the result is an object or InvalidRequestError."""
    with suppress(InvalidRequestError):
        assert isinstance(json_object(body, DEEPEST), dict)


def test_depth_is_counted_in_levels() -> None:
    """An object in a list in an object has three levels."""
    assert not is_deeper({"a": [{}]}, 3)
    assert is_deeper({"a": [{}]}, 2)
