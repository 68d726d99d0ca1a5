"""Results as bytes."""

from __future__ import annotations

import json
from collections import deque, namedtuple
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import PurePosixPath
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from steamship.base.model import CamelModel
from steamship.invocable.encoding import EncodingError, encode_json, encode_text


class Colour(Enum):
    RED = "red"


class Name(str, Enum):
    ADA = "ada"


class Camel(CamelModel):
    first_name: str = "Ada"
    page_url: str = "u"
    when: date = date(2024, 1, 31)


class Plain(BaseModel):
    first_name: str = Field("Ada", alias="firstName")
    camel: Camel = Field(default_factory=Camel)


@dataclass
class Wall:
    height: float
    model: Camel


class FakeArray:
    """What NumPy's arrays and scalars offer."""

    def __init__(self, value):
        self.value = value

    def tolist(self):
        return self.value


CAMEL = {"firstName": "Ada", "pageURL": "u", "when": "2024-01-31"}
Point = namedtuple("Point", "x y")


@pytest.mark.parametrize(
    ("value", "decoded"),
    [
        (None, None),
        (True, True),
        (1.5, 1.5),
        (2**70, 2**70),
        ({"data": 1, "status": {"a": "b"}}, {"data": 1, "status": {"a": "b"}}),
        ({"status": "waiting"}, {"status": "waiting"}),
        (Camel(), CAMEL),
        ([Camel()], [CAMEL]),
        ({"a": Plain()}, {"a": {"firstName": "Ada", "camel": CAMEL}}),
        (Plain(), {"first_name": "Ada", "camel": {"first_name": "Ada", "page_url": "u", "when": "2024-01-31"}}),
        (Wall(1.0, Camel()), {"height": 1.0, "model": CAMEL}),
        (Colour.RED, "red"),
        ({Name.ADA: Name.ADA, Colour.RED: Colour.RED}, {"ada": "ada", "red": "red"}),
        (datetime(2024, 1, 31, 10, tzinfo=UTC), "2024-01-31T10:00:00Z"),
        ([date(2024, 1, 31), time(10, 30), timedelta(hours=1)], ["2024-01-31", "10:30:00", "PT1H"]),
        (Decimal("1.50"), "1.50"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (PurePosixPath("/a/b"), "/a/b"),
        ([b"\xff\xfe", bytearray(b"a"), memoryview(b"b")], ["//4=", "YQ==", "Yg=="]),
        ({1}, [1]),
        ((1, deque([2]), range(2), Point(3, 4)), [1, [2], [0, 1], [3, 4]]),
        ((i for i in range(3)), [0, 1, 2]),
        ({1: "a", None: "b", date(2024, 1, 31): "c", UUID(int=1): [Decimal(1)]},
         {"1": "a", "null": "b", "2024-01-31": "c", "00000000-0000-0000-0000-000000000001": ["1"]}),
        ({"array": FakeArray([[1, 2]]), "scalar": FakeArray(3)}, {"array": [[1, 2]], "scalar": 3}),
        ("é\u2028", "é\u2028"),
    ],
)  # fmt: skip
def test_values_have_one_json_form(value, decoded):
    """A result becomes the JSON that a reader would expect."""
    assert json.loads(encode_json(value)) == decoded


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (float("nan"), "result is not a finite number"),
        ({"a": [1, {"b": float("inf")}]}, r'result\["a"\]\[1\]\["b"\] is not a finite number'),
        ([Wall(float("-inf"), Camel())], r'result\[0\]\["height"\] is not a finite number'),
        (object(), '"object" cannot be written as JSON'),
        ({(1, 2): "a"}, 'a key of type "tuple" cannot be written'),
        ({"a": iter([1])}, '"list_iterator" inside a result cannot be written: make it a list'),
    ],
)
def test_what_has_no_json_form_says_why(value, message):
    """A value without a JSON form is refused with its type or its place."""
    with pytest.raises(EncodingError, match=message):
        encode_json(value)


def test_cycles_and_depth_are_refused():
    """A cycle, and nesting beyond what JSON readers take, are refused, not crashed on."""
    cycle: list = []
    cycle.append(cycle)
    deep: list = []
    for _ in range(100_000):
        deep = [deep]
    for value in (cycle, deep):
        with pytest.raises(EncodingError):
            encode_json(value)


def test_lone_surrogates_are_kept_in_json_and_replaced_in_text():
    """Half a surrogate pair is escaped in JSON and becomes U+FFFD in text; pairs and the rest stay."""
    assert json.loads(encode_json({"a": "é\ud800"})) == {"a": "é\ud800"}
    assert encode_text("é\ud800b") == "é\ufffdb".encode()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(json_values)
def test_plain_values_come_back_unchanged(value):
    """Every JSON value comes back as it was."""
    assert json.loads(encode_json(value)) == value
