"""Raw input against an operation's input."""

from __future__ import annotations

from typing import Any

import pytest

from steamship_engine.api.checking import checked
from steamship_engine.api.operations import Input, Operation
from steamship_engine.model.errors import InvalidRequestError


class _Wanted(Input):
    the_id: str
    page_size: int = 5
    flag: bool = False
    config: dict[str, Any] | None = None


_OPERATION = Operation(path="thing/do", input=_Wanted, run=lambda _call, _wanted: {})


def _checked(values: dict[str, Any]) -> _Wanted:
    wanted = checked(_OPERATION, values)
    assert isinstance(wanted, _Wanted)
    return wanted


def test_null_is_as_good_as_absent() -> None:
    """A field that is null takes its default, unknown fields are ignored."""
    assert _checked({"theId": "x", "pageSize": None, "other": 1}) == _Wanted(the_id="x")


def test_text_counts_where_a_form_or_query_sent_it() -> None:
    """Numbers and booleans may come as text, booleans in Python's spelling too."""
    assert _checked({"theId": "x", "pageSize": "7", "flag": "True"}) == _Wanted(
        the_id="x", page_size=7, flag=True
    )


def test_every_wrong_field_is_named() -> None:
    """The error names each field, its value, and what is expected; a missing null field too."""
    with pytest.raises(InvalidRequestError) as error:
        _checked({"theId": None, "pageSize": "many"})
    assert '"theId" is missing' in error.value.message
    assert '"pageSize" is "many"' in error.value.message


def test_values_of_config_are_not_repeated() -> None:
    """The value of a field that may hold secrets stays out of the error."""
    with pytest.raises(InvalidRequestError) as error:
        _checked({"theId": "x", "config": "canary"})
    assert "canary" not in error.value.message


@pytest.mark.parametrize("text", ["a\0b", "\ud800"])
def test_text_that_no_database_holds_is_refused(text: str) -> None:
    """NUL and lone surrogates are refused in text fields, and kept in JSON values."""
    with pytest.raises(InvalidRequestError):
        _checked({"theId": text})
    assert _checked({"theId": "x", "config": {"a": text}}).config == {"a": text}
