"""What an original's handler is given."""

from __future__ import annotations

import json

import pytest

from steamship_engine.runtime.child.original import Instance, event
from steamship_engine.runtime.child.original_kinds import of_spec, typed

INSTANCE = Instance(
    "WORKSPACE-ID",
    "space",
    {"palette": "warm"},
    {"userId": "USER-ID", "invocableURL": "http://localhost/space/painter/"},
    {"api": "http://localhost/api/v1/", "app": "http://localhost/", "web": "http://localhost/web/"},
)
CONTEXT = {"key": "worker-key", "requestId": "REQUEST", "headers": {"test1": "value"}}


def test_the_event_is_complete() -> None:
    """It has every part that the SDK insists on, with both names of the workspace and logging switched off."""
    assert event("POST", "/paint", {"colour": "red"}, INSTANCE, CONTEXT) == {
        "clientConfig": {
            "apiKey": "worker-key",
            "apiBase": "http://localhost/api/v1/",
            "appBase": "http://localhost/",
            "webBase": "http://localhost/web/",
            "workspaceId": "WORKSPACE-ID",
            "workspaceHandle": "space",
            "requestId": "REQUEST",
        },
        "invocation": {
            "httpVerb": "POST",
            "invocationPath": "/paint",
            "arguments": {"colour": "red"},
            "config": {"palette": "warm"},
        },
        "loggingConfig": {"loggingHost": "none", "loggingPort": "none"},
        "invocationContext": {
            "userId": "USER-ID",
            "invocableURL": "http://localhost/space/painter/",
            "headers": {"test1": "value"},
        },
    }


def test_the_event_is_the_packages_own() -> None:
    """A package that changes its event changes nothing for the next call."""
    first = event("POST", "/paint", {}, INSTANCE, CONTEXT)
    first["invocation"]["config"]["palette"] = "cold"
    first["invocationContext"]["headers"].clear()
    second = event("POST", "/paint", {}, INSTANCE, CONTEXT)
    assert second["invocation"]["config"] == {"palette": "warm"}
    assert second["invocationContext"]["headers"] == {"test1": "value"}
    assert json.loads(json.dumps(second)) == second


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("<class 'int'>", "3", 3),
        ("<class 'int'>", "-3", -3),
        ("<class 'int'>", "3.5", "3.5"),
        ("<class 'int'>", "", ""),
        ("<class 'float'>", "2.5", 2.5),
        ("<class 'float'>", "2", 2.0),
        ("<class 'bool'>", "True", True),
        ("<class 'bool'>", "false", False),
        ("<class 'bool'>", "perhaps", "perhaps"),
        ("typing.Optional[int]", "4", 4),
        ("<class 'str'>", "3", "3"),
        ("typing.List[int]", "3", "3"),
        ("<class 'inspect._empty'>", "3", "3"),
        ("<enum 'Finish'>", "matt", "matt"),
    ],
)
def test_texts_become_what_the_method_expects(kind: str, text: str, value: object) -> None:
    """Numbers and booleans are read where the description says so; what cannot be read stays text."""
    got = typed({"a": text}, {"a"}, {"a": kind})["a"]
    assert got == value
    assert type(got) is type(value)


def test_json_values_keep_their_type() -> None:
    """Only what came as text is read; arguments that the description does not know stay as they are."""
    assert typed({"a": "3", "b": "4"}, {"b"}, {"a": "<class 'int'>"}) == {"a": "3", "b": "4"}


def test_kinds_are_found_by_verb_and_path() -> None:
    """The same path may take other arguments under another verb."""
    spec = {
        "methods": [
            {"verb": "GET", "path": "/a", "args": [{"name": "n", "kind": "<class 'int'>"}]},
            {"verb": "POST", "path": "/a", "args": None},
        ]
    }
    assert of_spec(spec) == {("GET", "/a"): {"n": "<class 'int'>"}, ("POST", "/a"): {}}
