"""Values from the command line."""

from __future__ import annotations

import io
import sys
from datetime import UTC, datetime

import click
import pytest

from steamship.cli.values import Text, config_of, json_object, moment, pairs, typed_config

NOW = datetime(2030, 1, 1, 12, tzinfo=UTC)


def test_pairs():
    """`=` takes the rest as text, `:=` as JSON; both may hold further signs and be empty."""
    found = pairs(["name=Beautiful", "n:=3", 'list:=["a=b"]', "formula=a=b:=c", "empty=", "none:=null"])
    assert found == {
        "name": "Beautiful",
        "n": 3,
        "list": ["a=b"],
        "formula": "a=b:=c",
        "empty": "",
        "none": None,
    }
    assert isinstance(found["name"], Text)


@pytest.mark.parametrize("word", ["name", "=x", ":=1", "n:=", "n:=nope", "n:=NaN", "n:=" + "[" * 100_000])
def test_bad_pair(word):
    """A word that is no pair, or whose JSON is none, is wrong usage."""
    with pytest.raises(click.UsageError):
        pairs([word])


def test_name_given_twice():
    """The same name twice is wrong usage, not the last one's win."""
    with pytest.raises(click.UsageError, match='"a" is given twice'):
        pairs(["a=1", "a:=2"])


def test_json_object_from_text_file_and_stdin(tmp_path, monkeypatch):
    """A JSON object may be given as text, as a file, or on standard input."""
    path = tmp_path / "arguments.json"
    path.write_text('{"a": "ä"}', "utf-8")
    monkeypatch.setattr(sys, "stdin", io.StringIO('{"a": 2}'))
    assert json_object('{"a": 1}') == {"a": 1}
    assert json_object(f"@{path}") == {"a": "ä"}
    assert json_object("-") == {"a": 2}


@pytest.mark.parametrize("source", ["[1]", "text", "@/no/such/file", "@/"])
def test_no_json_object(source):
    """Anything but a JSON object is wrong usage that names it."""
    with pytest.raises(click.UsageError, match='"'):
        json_object(source)


def test_config():
    """--config words are merged in order; none of them is no config, and `{}` is one."""
    assert config_of([]) is None
    assert config_of(["{}"]) == {}
    assert config_of(['{"a": 1, "b": 2}', "b=two", "c:=true"]) == {"a": 1, "b": "two", "c": True}


def test_typed_config():
    """Text becomes a number or a boolean where the template wants one and it is one; JSON stays."""
    template = {
        "n": {"type": "number"},
        "b": {"type": "boolean"},
        "s": {"type": "string"},
        "json": {"type": "number"},
    }
    given = {**pairs(["n=3", "b=true", "s=3", "other=1"]), "json": "3"}
    assert typed_config(given, template) == {"n": 3, "b": True, "s": "3", "other": "1", "json": "3"}
    assert typed_config(pairs(["n=three", "b=1"]), template) == {"n": "three", "b": "1"}
    assert typed_config(pairs(["n=true", "b=0.5"]), template) == {"n": "true", "b": "0.5"}


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        ("30d", "2030-01-31T12:00:00+00:00"),
        ("2w", "2030-01-15T12:00:00+00:00"),
        ("12h", "2030-01-02T00:00:00+00:00"),
        ("90m", "2030-01-01T13:30:00+00:00"),
        ("2031-02-03", "2031-02-03T00:00:00+00:00"),
        ("2031-02-03T04:05:06+02:00", "2031-02-03T04:05:06+02:00"),
    ],
)
def test_moment(span, expected):
    """A span counts from now; a date without a zone is UTC."""
    assert moment(span, NOW).isoformat() == expected


@pytest.mark.parametrize("span", ["", "30", "d", "30y", "-1d", "tomorrow", "999999w"])
def test_bad_moment(span):
    """What is no time is wrong usage that shows the forms."""
    with pytest.raises(click.UsageError, match="30d"):
        moment(span, NOW)
