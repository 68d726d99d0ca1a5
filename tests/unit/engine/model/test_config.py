"""The config rules: what completes, what is refused and in which words, what counts as a difference."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steamship_engine.model.config import (
    check_template,
    check_unchanged,
    complete,
    parse_template,
    redact,
    split_secrets,
)
from steamship_engine.model.errors import InvalidConfigError, InvalidRequestError
from steamship_engine.model.states import VersionKind

NATIVE, ORIGINAL = VersionKind.NATIVE, VersionKind.ORIGINAL

TEMPLATE = {
    "city": {"type": "string", "description": "Where you live."},
    "days": {"type": "number", "default": 3},
    "metric": {"type": "boolean", "default": False},
    "key": {"type": "string", "required": False, "secret": True, "description": "Your key."},
}

VALUES = {
    "string": st.text(),
    "number": st.integers() | st.floats(allow_nan=False, allow_infinity=False),
    "boolean": st.booleans(),
}


@st.composite
def parameters(draw: st.DrawFn) -> dict[str, Any]:
    kind = draw(st.sampled_from(sorted(VALUES)))
    parameter: dict[str, Any] = {"type": kind, "secret": draw(st.booleans())}
    if draw(st.booleans()):
        parameter["default"] = draw(VALUES[kind])
    if draw(st.booleans()):
        parameter["required"] = draw(st.booleans())
    return parameter


@st.composite
def templates_and_values(draw: st.DrawFn) -> tuple[dict[str, dict[str, Any]], dict[str, Any]]:
    template = draw(st.dictionaries(st.text(min_size=1), parameters(), max_size=5))
    values = {
        name: draw(VALUES[parameter["type"]])
        for name, parameter in template.items()
        if draw(st.booleans()) or "default" not in parameter
    }
    return template, values


@given(templates_and_values())
def test_completing_twice_changes_nothing(drawn):
    """A completed config completes to itself, so an instance's own config is never a difference."""
    template, values = drawn
    once = complete(template, values, NATIVE)
    assert complete(template, once, NATIVE) == once
    check_unchanged("mine", once, complete(template, values, NATIVE))


@given(templates_and_values())
def test_values_given_win_over_defaults(drawn):
    """Every value that is given is in the completed config, unchanged in value and type."""
    template, values = drawn
    completed = complete(template, values, NATIVE)
    for name, value in values.items():
        assert completed[name] == value
        assert type(completed[name]) is type(value)


@given(templates_and_values())
def test_secrets_split_cleanly(drawn):
    """The two parts of a config are disjoint, are the whole together, and divide it by the template's mark."""
    template, values = drawn
    completed = complete(template, values, NATIVE)
    shown, secret = split_secrets(template, completed)
    assert {**shown, **secret} == completed
    assert not shown.keys() & secret.keys()
    assert all(template[name]["secret"] for name in secret)
    assert not any(template[name]["secret"] for name in shown)


@given(templates_and_values())
def test_any_template_survives_its_way_as_text(drawn):
    """A valid template read from JSON text is that template."""
    template, _ = drawn
    assert parse_template(json.dumps(template)) == template


def test_defaults_fill_what_is_absent_or_null():
    """Null for a parameter means absent: its default is taken."""
    assert complete(TEMPLATE, {"city": "Oslo", "days": None}, NATIVE) == {
        "city": "Oslo",
        "days": 3,
        "metric": False,
    }


def test_an_empty_string_is_a_value():
    """An empty string satisfies a required parameter, in native and original versions alike."""
    for kind in (NATIVE, ORIGINAL):
        assert complete(TEMPLATE, {"city": ""}, kind)["city"] == ""


def test_every_offending_parameter_is_named_with_its_description():
    """One message names what is missing, what has a wrong type and what is unknown, in the original's opening words."""
    with pytest.raises(InvalidConfigError) as raised:
        complete(TEMPLATE, {"days": "three", "metric": 1, "colour": "red"}, NATIVE)
    message = raised.value.message
    assert message.startswith("Configuration for this PackageInstance is invalid.")
    assert '"city" (Where you live.) is required but missing.' in message
    assert '"days" must be a number, not a string.' in message
    assert '"metric" must be a boolean, not a number.' in message
    assert (
        '"colour" is no parameter of this version: its parameters are "city", "days", "metric", "key".'
        in message
    )


def test_a_wrong_value_is_not_repeated():
    """The message of a wrong type tells the type and not the value, which may be a secret."""
    with pytest.raises(InvalidConfigError) as raised:
        complete(TEMPLATE, {"city": "Oslo", "key": 123456789}, NATIVE)
    assert '"key" (Your key.) must be a string, not a number.' in raised.value.message
    assert "123456789" not in raised.value.message


CHOICE = {
    "units": {
        "type": "string",
        "default": "metric",
        "values": ["metric", "imperial"],
        "description": "Which.",
    }
}


def test_only_the_values_of_a_choice_are_taken():
    """A value outside a parameter's list is refused when the instance is made, with the list and without the value."""
    assert complete(CHOICE, {}, NATIVE) == {"units": "metric"}
    assert complete(CHOICE, {"units": "imperial"}, NATIVE) == {"units": "imperial"}
    with pytest.raises(InvalidConfigError) as raised:
        complete(CHOICE, {"units": "canary"}, NATIVE)
    assert '"units" (Which.) must be one of "metric", "imperial".' in raised.value.message
    assert "canary" not in raised.value.message


def test_a_choice_of_numbers_compares_as_numbers():
    """3.0 is 3 among the values, and true is not 1."""
    template = {"level": {"type": "number", "values": [1, 3]}}
    assert complete(template, {"level": 3.0}, NATIVE) == {"level": 3.0}
    for wrong in (2, True):
        with pytest.raises(InvalidConfigError, match='"level" must be'):
            complete(template, {"level": wrong}, NATIVE)


def test_true_is_no_number():
    """A boolean is refused where a number is wanted."""
    with pytest.raises(InvalidConfigError, match='"days" must be a number, not a boolean'):
        complete(TEMPLATE, {"city": "Oslo", "days": True}, NATIVE)


def test_originals_keep_unknown_keys():
    """An original version keeps what its template does not name; an empty template checks nothing."""
    assert complete(TEMPLATE, {"city": "Oslo", "extra": [1]}, ORIGINAL)["extra"] == [1]
    assert complete({}, {"anything": {"at": "all"}}, ORIGINAL) == {"anything": {"at": "all"}}


def test_a_native_version_without_parameters_takes_no_config():
    """A native version whose class has no Config refuses every key and says why."""
    with pytest.raises(InvalidConfigError, match='"a" is no parameter of this version: it takes no config'):
        complete({}, {"a": 1}, NATIVE)


def test_without_required_the_default_decides():
    """The original's rule: a parameter without a default is required, a null default being none."""
    template = {"a": {"type": "string", "default": None}}
    with pytest.raises(InvalidConfigError, match='"a" is required'):
        complete(template, None, ORIGINAL)
    assert complete({"a": {"type": "string", "required": False}}, None, NATIVE) == {}


def test_a_required_parameter_with_a_default_takes_it():
    """`required` beside a default refuses nothing: the default fills in."""
    assert complete({"a": {"type": "number", "default": 1, "required": True}}, {}, NATIVE) == {"a": 1}


def test_differences_are_named_without_their_values():
    """Another config on an existing handle is refused, naming the parameters and none of the values."""
    with pytest.raises(InvalidConfigError) as raised:
        check_unchanged("mine", {"a": "old-1", "b": 2, "c": 3}, {"a": "new-1", "b": 2, "d": 4})
    message = raised.value.message
    assert '"a", "c", "d"' in message
    assert '"mine"' in message
    assert "old-1" not in message
    assert "new-1" not in message
    assert '"b"' not in message


@pytest.mark.parametrize(("one", "other"), [(True, 1), (False, 0), ("1", 1), ([1], [True]), ({}, None)])
def test_values_of_different_types_differ(one, other):
    """True is not 1, though Python thinks so."""
    with pytest.raises(InvalidConfigError):
        check_unchanged("mine", {"a": one}, {"a": other})


def test_numbers_are_equal_by_value():
    """3 and 3.0 are one JSON number."""
    check_unchanged("mine", {"a": 3, "b": [{"c": 1}]}, {"a": 3.0, "b": [{"c": 1.0}]})


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[1]", "it must be an object of parameters"),
        ('{"a": 1}', 'parameter "a" must be an object with a type'),
        ('{"a": {}}', 'parameter "a" has the type "None"'),
        ('{"a": {"type": "list"}}', 'parameter "a" has the type "list"'),
        ('{"a": {"type": "number", "default": "1"}}', 'the default of parameter "a" is a string'),
        ('{"a": {"type": "number", "default": true}}', 'the default of parameter "a" is a boolean'),
        ('{"a": {"type": "string", "description": 1}}', 'the description of parameter "a"'),
        ('{"a": {"type": "string", "required": 1}}', '"required" of parameter "a"'),
        ('{"a": {"type": "string", "values": []}}', 'the values of parameter "a"'),
        ('{"a": {"type": "string", "values": "b"}}', 'the values of parameter "a"'),
        ('{"a": {"type": "string", "values": ["b", 1]}}', 'the values of parameter "a"'),
        ('{"a": {"type": "string", "values": ["b"], "default": "c"}}', 'the default of parameter "a"'),
        ("{", "it is not JSON"),
        ('{"a": NaN}', '"NaN" is no JSON number'),
        ('{"a": {"type": "number", "default": 1e999}}', 'the number "1e999" is too large'),
        ('{"a": 1, "a": 2}', 'the key "a" is there twice'),
        ("[" * 100_000, "it is more than 100 levels deep"),
    ],
)
def test_bad_templates_are_refused_with_the_reason(text, reason):
    """A template that cannot be used is refused with what is wrong and where."""
    with pytest.raises(InvalidRequestError) as raised:
        parse_template(text)
    assert reason in raised.value.message


@pytest.mark.parametrize("text", [None, "", "  ", "null", "{}"])
def test_no_template_is_an_empty_one(text):
    """Absent, empty and null templates have no parameters."""
    assert parse_template(text) == {}


JSON_LEAVES = st.none() | st.booleans() | st.integers() | st.sampled_from(["string", "number", "boolean", ""])
FIELDS = ("type", "description", "default", "required", "nullable", "secret", "values")
HOSTILE = st.dictionaries(
    st.text(max_size=3), JSON_LEAVES | st.dictionaries(st.sampled_from(FIELDS), JSON_LEAVES), max_size=3
)


@given(JSON_LEAVES | st.lists(JSON_LEAVES, max_size=2) | HOSTILE)
def test_a_template_from_a_hostile_worker_is_refused_or_usable(value):
    """Whatever a worker calls a template is refused by an error of ours, or completes an empty config or refuses it."""
    try:
        template = check_template(value)
        complete(template, {}, NATIVE)
    except InvalidRequestError:
        pass


def test_secret_values_are_taken_out_of_text():
    """The values of secret parameters disappear from a package's messages, the longer first."""
    assert redact("key abcd-1234 and abcd!", {"a": "abcd", "b": "abcd-1234"}) == "key [secret] and [secret]!"
    assert redact("1 is short", {"a": "1"}) == "1 is short"
