"""Arguments and uploads as bytes."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from email import message_from_bytes
from enum import Enum
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

import pytest
from pydantic import BaseModel

from steamship.base.error import InvalidRequestError
from steamship.base.model import CamelModel
from steamship.base.request_bodies import Upload, json_body, multipart, query


class _Colour(Enum):
    RED = "red"


class _Point(CamelModel):
    first_name: str = "x"


class _Plain(BaseModel):
    when: date


@pytest.mark.parametrize(
    ("value", "wire"),
    [
        (None, None),
        (b"\x00\xff", "AP8="),
        (datetime(2026, 1, 31, 10, tzinfo=UTC), "2026-01-31T10:00:00Z"),
        (date(2026, 1, 31), "2026-01-31"),
        ((1, 2), [1, 2]),
        ({3}, [3]),
        (_Colour.RED, "red"),
        (_Point(), {"firstName": "x"}),
        ([_Plain(when=date(2026, 1, 31))], [{"when": "2026-01-31"}]),
        (Decimal("1.50"), "1.50"),
        (UUID(int=0), "00000000-0000-0000-0000-000000000000"),
        (Path("/a"), "/a"),
        ("schön \U0001f600", "schön \U0001f600"),
    ],
)
def test_values_have_a_plain_form(value: Any, wire: Any) -> None:
    """What has a natural JSON form travels in it."""
    assert json.loads(json_body("greet", {"a": value})) == {"a": wire}


@pytest.mark.parametrize("value", [object(), float("nan"), float("inf"), {"deep": [float("nan")]}, lambda: 1])
def test_what_has_no_form_is_refused_by_name(value: Any) -> None:
    """The error names the method and the argument."""
    with pytest.raises(InvalidRequestError, match='The argument "bad" of "greet" cannot be written as JSON'):
        json_body("greet", {"good": 1, "bad": value})
    with pytest.raises(InvalidRequestError, match='"bad" of "greet"'):
        query("greet", {"good": 1, "bad": value})


def test_a_value_that_holds_itself_is_refused() -> None:
    """A circle is an error, not an endless loop."""
    circle: list[Any] = []
    circle.append(circle)
    with pytest.raises(InvalidRequestError, match='"circle"'):
        json_body("greet", {"circle": circle})


def test_a_query_holds_text_as_it_is_and_the_rest_as_json() -> None:
    """Text stands as it is; numbers, booleans, lists and dicts as JSON; None is left out."""
    text = query(
        "greet",
        {"s": "a b&c", "n": 3, "f": 0.5, "t": True, "l": ["x", 1], "d": {"k": None}, "none": None, "e": ""},
    )
    assert text.startswith("?")
    assert parse_qs(text[1:], keep_blank_values=True) == {
        "s": ["a b&c"],
        "n": ["3"],
        "f": ["0.5"],
        "t": ["true"],
        "l": ['["x", 1]'],
        "d": ['{"k": null}'],
        "e": [""],
    }
    assert query("greet", {"none": None}) == ""


def test_a_query_writes_dates_and_enums_without_quotes() -> None:
    """What is text in JSON is the same text in a query."""
    assert parse_qs(query("greet", {"d": date(2026, 1, 31), "c": _Colour.RED})[1:]) == {
        "d": ["2026-01-31"],
        "c": ["red"],
    }


def test_a_form_carries_fields_and_the_upload() -> None:
    """Text fields stand as they are, others as JSON, so that nested values keep their types; None is left out."""
    fields = {
        "type": "file",
        "public": False,
        "none": None,
        "tags": [{"kind": "a", "value": {"x": {"y": 1}}}],
    }
    content_type, body = multipart("file/create", fields, Upload('a"b.txt', b"\r\n--bytes", "text/plain"))
    message = message_from_bytes(f"Content-Type: {content_type}\r\n\r\n".encode() + body)
    parts = {p.get_param("name", header="content-disposition"): p for p in message.get_payload()}
    assert {name: p.get_payload(decode=True) for name, p in parts.items()} == {
        "type": b"file",
        "public": b"false",
        "tags": b'[{"kind": "a", "value": {"x": {"y": 1}}}]',
        "file": b"\r\n--bytes",
    }
    assert parts["file"].get_content_type() == "text/plain"
    assert parts["file"].get_filename() == "a%22b.txt"
