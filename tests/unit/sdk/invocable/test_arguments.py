"""Arguments: checked, converted, and named when they are wrong."""

from __future__ import annotations

import json
from base64 import b64encode, urlsafe_b64encode
from datetime import date
from enum import Enum
from typing import Annotated, Any, Literal, Optional

import pytest
from pydantic import BaseModel, Field

from steamship.base.request_bodies import json_body
from steamship.invocable import PackageService, fileurl, get, longstr, post


class Finish(Enum):
    MATT = "matt"


class Wall(BaseModel):
    height: int
    doors: list[str] = []


class Photo(BaseModel, val_json_bytes="base64"):
    pixels: bytes


class Foreign:
    """A class that pydantic knows nothing of."""


class Package(PackageService):
    @post("take")
    @get("take")
    def take(
        self,
        i: int = 0,
        f: float = 0.0,
        b: bool = False,
        s: str = "",
        e: Finish = Finish.MATT,
        lit: Literal["a", "b"] = "a",
        o: Optional[int] = None,
        ints: list[int] = [],  # noqa: B006
        wall: Wall = None,
        day: date = None,
        text: longstr = None,
        file: fileurl = None,
        free=None,
        anything: Any = None,
        foreign: Foreign = None,
        lost: NotThere = None,  # noqa: F821
    ):
        given = {k: v for k, v in locals().items() if k not in ("self", "given")}
        return repr(given)

    @post("bytes")
    @get("bytes")
    def binary(
        self,
        b: bytes = b"",
        o: bytes | None = None,
        parts: list[bytes] = [],  # noqa: B006
        either: str | bytes = "",
        model: Photo = None,
        s: str = "",
        i: int = 0,
        free=None,
    ):
        given = {k: v for k, v in locals().items() if k not in ("self", "given")}
        return repr(given)

    @post("need")
    def need(self, name: str, count: int, note: str = "x"):
        return f"{name}{count}{note}"

    @post("rest")
    def rest(self, first: int, **more: float):
        return {"first": first, **more}

    @post("keyword")
    def keyword(self, *ignored, only: int):
        return only

    @post("none")
    def none(self):
        return "none"


@pytest.fixture
def package(serve):
    return serve(Package)


def taken(outcome, name):
    """The argument as the method saw it."""
    assert outcome.error is None, outcome.error
    names = {"Finish": Finish, "Wall": Wall, "Photo": Photo, "datetime": __import__("datetime")}
    text = outcome.body.decode().replace("<Finish.MATT: 'matt'>", "Finish.MATT")
    return eval(text, names)[name]


@pytest.mark.parametrize(
    ("name", "sent", "seen"),
    [
        ("i", 3, 3),
        ("i", "3", 3),
        ("i", 3.0, 3),
        ("f", 3, 3.0),
        ("b", "true", True),
        ("b", 0, False),
        ("e", "matt", Finish.MATT),
        ("lit", "b", "b"),
        ("o", None, None),
        ("ints", [1, "2"], [1, 2]),
        ("wall", {"height": "2"}, Wall(height=2)),
        ("wall", None, None),
        ("day", "2024-01-31", date(2024, 1, 31)),
        ("text", "long", "long"),
        ("free", {"a": [1]}, {"a": [1]}),
        ("anything", 3, 3),
        ("foreign", {"as": "it is"}, {"as": "it is"}),
        ("lost", "3", "3"),
    ],
)
def test_json_values_become_what_the_method_wants(package, name, sent, seen):
    """A JSON value is converted by its argument's annotation, or passes as it is without a usable one."""
    assert taken(package.post("take", **{name: sent}), name) == seen


@pytest.mark.parametrize(
    ("name", "sent", "seen"),
    [
        ("i", "3", 3),
        ("f", "1e3", 1000.0),
        ("b", "false", False),
        ("b", "1", True),
        ("s", "3", "3"),
        ("s", "", ""),
        ("e", "matt", Finish.MATT),
        ("o", "", None),
        ("o", "7", 7),
        ("ints", "[1, 2]", [1, 2]),
        ("ints", "5", [5]),
        ("ints", ["1", "2"], [1, 2]),
        ("i", ["1", "2"], 2),
        ("wall", '{"height": 2, "doors": ["left"]}', Wall(height=2, doors=["left"])),
        ("day", "2024-01-31", date(2024, 1, 31)),
        ("file", "http://x/", "http://x/"),
        ("free", "3", "3"),
    ],
)
def test_text_becomes_what_the_method_wants(package, name, sent, seen):
    """A value from a query or form is converted too, and may be JSON, or one item, for a list or model."""
    assert taken(package.get("take", **{name: sent}), name) == seen


RAW = bytes(range(256))
BASE64 = b64encode(RAW).decode()


@pytest.mark.parametrize("verb", ["POST", "GET"])
@pytest.mark.parametrize(
    ("name", "sent", "seen"),
    [
        ("b", BASE64, RAW),
        ("b", urlsafe_b64encode(RAW).decode(), RAW),
        ("b", "", b""),
        ("o", BASE64, RAW),
        ("parts", [BASE64, ""], [RAW, b""]),
        ("either", "aGVsbG8=", "aGVsbG8="),
        ("model", {"pixels": BASE64}, Photo(pixels=RAW)),
    ],
)
def test_text_becomes_bytes_by_base64(package, verb, name, sent, seen):
    """Bytes are sent as base64 text, in JSON as in a query, and arrive as the bytes; a type that admits text gets the text."""
    if verb == "GET" and not isinstance(sent, str):
        sent = json.dumps(sent)
    assert taken(package.call(verb, "bytes", {name: sent}), name) == seen


def test_bytes_of_the_sdk_arrive(package):
    """What our client sends for bytes is what the method gets."""
    sent = json.loads(json_body("bytes", {"b": RAW, "parts": [RAW]}))
    outcome = package.post("bytes", **sent)
    assert (taken(outcome, "b"), taken(outcome, "parts")) == (RAW, [RAW])


@pytest.mark.parametrize(
    ("name", "content", "seen"),
    [
        ("b", RAW, RAW),
        ("o", RAW, RAW),
        ("either", RAW, RAW),
        ("s", "☃".encode(), "☃"),
        ("i", b"3", 3),
        ("free", b"a,b", "a,b"),
        ("parts", RAW, [RAW]),
        ("model", b'{"pixels": "aGVsbG8="}', Photo(pixels=b"hello")),
    ],
)
def test_a_file_arrives_as_its_bytes_or_its_text(package, name, content, seen):
    """A form's file is its bytes where bytes are wanted, and its text everywhere else."""
    assert taken(package.get("bytes", **{name: content}), name) == seen


@pytest.mark.parametrize(
    ("name", "sent", "wrong"),
    [
        ("b", "no base64!", '"b" is "no base64!": data should be valid base64'),
        ("s", RAW, '"s" is "b\'\\x00'),
        ("free", RAW, '"free" is a file that is no UTF-8 text, and its type is not bytes'),
    ],
)
def test_bytes_that_cannot_be_read_are_named(package, name, sent, wrong):
    """Text that is no base64, and a binary file for a method that wants text, are the sender's mistakes."""
    outcome = package.get("bytes", **{name: sent})
    assert (outcome.status, outcome.error["code"]) == (400, "InvalidRequest")
    assert wrong in outcome.error["message"]


@pytest.mark.parametrize(
    ("name", "sent", "wrong"),
    [
        ("i", "x", '"i" is "x": input should be a valid integer'),
        ("i", 3.5, '"i" is "3.5": input should be a valid integer'),
        ("i", None, '"i" is "None": input should be a valid integer'),
        ("s", 3, '"s" is "3": input should be a valid string'),
        ("s", ["a"], '"s" is "[\'a\']": input should be a valid string'),
        ("e", "rough", '"e" is "rough": input should be \'matt\''),
        ("ints", [1, "b"], '"ints[1]" is "b": input should be a valid integer'),
        ("ints", "[1]", '"ints" is "[1]": input should be a valid list'),
        ("wall", {"doors": []}, '"wall.height" is missing'),
        ("s", {"a": "b" * 100}, "\"s\" is \"{'a': 'bbb"),
        ("nope", 1, '"nope" is not an argument'),
        ("self", 1, '"self" is not an argument'),
    ],
)
def test_a_wrong_value_is_named(package, name, sent, wrong):
    """A value that does not fit is a 400 with the argument, the value and what is wrong with it."""
    outcome = package.call("POST", "take", {name: sent})
    assert (outcome.status, outcome.error["code"]) == (400, "InvalidRequest")
    assert wrong in outcome.error["message"]
    assert len(outcome.error["message"]) < 1000


def test_everything_wrong_is_named_at_once(package):
    """One refusal names every missing, unknown and wrong argument, and says what the method takes."""
    assert package.post("need", nme="a", count="many").error["message"] == (
        'POST /need: "nme" is not an argument; "count" is "many": input should be a valid integer, unable to '
        'parse string as an integer; "name" is missing. It takes name (str), count (int), note (str, optional).'
    )
    assert package.post("none", a=1).error["message"] == (
        'POST /none: "a" is not an argument. It takes no arguments.'
    )


def test_keyword_methods_take_what_they_declare(package):
    """`**more` takes any name, checked by its annotation; `*ignored` takes nothing."""
    assert package.value("rest", first=1, other="2.5") == {"first": 1, "other": 2.5}
    assert '"other" is "x"' in package.post("rest", first=1, other="x").error["message"]
    assert (
        '"self" is not an argument' in package.call("POST", "rest", {"first": 1, "self": 2}).error["message"]
    )
    assert package.value("keyword", only=3) == 3
    assert '"ignored" is not an argument' in package.post("keyword", only=3, ignored=[]).error["message"]


def test_a_default_is_the_methods_own(package):
    """An argument that is not sent keeps the method's default."""
    assert package.post("need", name="a", count=1).body == b"a1x"


def test_constraints_count(serve):
    """Limits in an annotation are held."""

    class Limited(PackageService):
        @post("x")
        def x(self, n: Annotated[int, Field(ge=1)]):
            return n

    assert serve(Limited).value("x", n=1) == 1
    assert (
        '"n" is "0": input should be greater than or equal to 1'
        in serve(Limited).post("x", n=0).error["message"]
    )
