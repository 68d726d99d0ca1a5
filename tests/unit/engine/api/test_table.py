"""What holds for every row of the table of operations, and for the paths that are not in it."""

from __future__ import annotations

import pytest

from steamship_engine.api import not_built
from steamship_engine.api.openapi import document
from steamship_engine.api.table import BY_PATH, OPERATIONS


def test_each_path_is_there_once() -> None:
    """No two operations have one path."""
    assert len(BY_PATH) == len(OPERATIONS)


@pytest.mark.parametrize("path", list(BY_PATH))
def test_what_is_built_is_not_called_unbuilt(path: str) -> None:
    """No operation's path is in the list of what is not built."""
    assert not_built.refusal(path) is None


@pytest.mark.parametrize("path", ["plugin/instance/generate", "block/ABC/raw", "workspace/createSignedUrl"])
def test_what_the_protocol_knows_is_called_unbuilt(path: str) -> None:
    """A path of the protocol that the engine does not have gets NotImplemented, which names it."""
    refusal = not_built.refusal(path)
    assert refusal is not None
    assert (refusal.code, refusal.http_status) == ("NotImplemented", 501)
    assert path in refusal.message


@pytest.mark.parametrize("path", ["", "plugin", "block/a/b/raw", "nonsense", "workspace/createSignedUrl/x"])
def test_what_nobody_knows_is_not(path: str) -> None:
    """Any other path is none of the protocol's."""
    assert not_built.refusal(path) is None


def test_every_operation_says_what_it_does() -> None:
    """Each row has its sentence, and GET operations change nothing."""
    for operation in OPERATIONS:
        assert operation.summary.endswith("."), operation.path
        assert not (operation.changes and "GET" in operation.verbs), operation.path
        assert operation.changes or not operation.always_task, operation.path


def test_the_description_has_every_operation() -> None:
    """The OpenAPI document lists each path with its verbs, and every schema it refers to."""
    made = document(OPERATIONS)
    assert {path.removeprefix("/"): set(entry) for path, entry in made["paths"].items()} == {
        operation.path: {verb.lower() for verb in operation.verbs} for operation in OPERATIONS
    }
    text = repr(made)
    for name in made["components"]["schemas"]:
        assert f"#/components/schemas/{name}" in text
