"""The tag query language."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steamship_engine.model.errors import InvalidRequestError, NotBuiltYetError
from steamship_engine.model.tag_query import Both, Either, Equals, Everything, FileTag, parse


def test_the_query_of_the_key_value_store():
    """The one query that every key-value store sends is a file tag of its kind."""
    assert parse('filetag and kind "kv-store-X"') == Both((FileTag(), Equals("kind", "kv-store-X")))


def test_all():
    """`all`, in any case and with blanks around it, is everything."""
    assert parse("  ALL ") == Everything()


def test_words_in_any_case_and_trailing_blanks():
    """Keywords are read in any case; values are kept exactly."""
    assert parse('FileTag AND Name "Ünï  \\ö" ') == Both((FileTag(), Equals("name", "Ünï  \\ö")))


def test_parentheses_order_and_and_or():
    """`or` inside parentheses is a part of the `and` around them."""
    assert parse('kind "a" and (name "b" or name "c")') == Both(
        (Equals("kind", "a"), Either((Equals("name", "b"), Equals("name", "c"))))
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "kind",
        'kind "a',
        "kind a",
        'kind "a" and',
        'kind "a" name "b"',
        '(kind "a"',
        'kind "a")',
        'kind "a" and name "b" or name "c"',
        'sort "a"',
        'all and kind "a"',
        "%",
        "(" * 100 + "filetag" + ")" * 100,
        " or ".join(['kind "a"'] * 501),
    ],
)
def test_what_is_no_query(text):
    """A query that cannot be read is refused with what is wrong about it."""
    with pytest.raises(InvalidRequestError, match="is not valid: "):
        parse(text)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ('blocktag and kind "x"', "blocktag"),
        ('kind "tags" and value("score") > 0.7', "value"),
        ('kind "a" and samefile { kind "b" }', "samefile"),
        ('block_id "B"', "block_id"),
    ],
)
def test_what_is_not_built(text, word):
    """The rest of the language is said to be missing, by its word."""
    with pytest.raises(NotBuiltYetError, match=f'"{word}"'):
        parse(text)


@given(st.text(alphabet=st.sampled_from(list('()"{}<>=01. abkindfiletgorme_'))))
def test_any_text_is_a_query_or_an_error(text):
    """No text makes the parser fail in any other way."""
    with contextlib.suppress(InvalidRequestError, NotBuiltYetError):
        parse(text)
