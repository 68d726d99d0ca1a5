"""Whatever the original client can call is there, or says that it is not there yet."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from steamship_engine.api import not_built
from steamship_engine.api.table import BY_PATH
from tests.services.doors import Caller, Door
from tests.services.pages import rows, section
from tools import original

# The nouns that the original's operations begin with.
_OPERATION = re.compile(
    r"(account|block|embedding-index|file|logs|package|plugin|tag|task|workspace)(/[\w{}-]+)+/?"
)


def _named(tree: ast.AST) -> Iterator[str]:
    """Every text in a module that looks like an operation; what it fills in is `{id}`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
        elif isinstance(node, ast.JoinedStr):
            parts = [str(part.value) if isinstance(part, ast.Constant) else "{id}" for part in node.values]
            text = "".join(parts)
        else:
            continue
        if _OPERATION.fullmatch(text):
            yield text


@pytest.fixture(scope="module")
def operations(original_python: Path) -> set[str]:
    """The operations that the installed original client names."""
    (package,) = original.VENV.glob("lib/python*/site-packages/steamship")
    found = {
        operation for module in package.rglob("*.py") for operation in _named(ast.parse(module.read_text()))
    }
    assert len(found) > 60, "the original client is not read as it should be"
    return found


def test_every_operation_of_the_original_is_known(operations: set[str]) -> None:
    """Each is in the table of operations, or refused as not built and told on the page."""
    told = {row[0].strip("`") for row in rows(section("docs/reference/not-built.md", "## Operations"))}
    unknown = [
        operation
        for operation in sorted(operations)
        if operation not in BY_PATH
        and not (not_built.refusal(operation) and (operation in told or _is_made_of_parts(operation)))
    ]
    assert unknown == []


def _is_made_of_parts(operation: str) -> bool:
    """`plugin/version/` and `plugin/version/{id}`, from which the client makes several names."""
    return operation.rstrip("/").removesuffix("/{id}") == "plugin/version"


def test_the_door_answers_501(door: Door) -> None:
    """Every path that is not built answers 501 `NotImplemented` and names itself, with a key or without."""
    for path in (*not_built.PATHS, "plugin/instance/generate", "embedding-index/search"):
        place = path.replace("{id}", "AB12")
        for verb in ("POST", "GET"):
            answer = Caller(door, None).send(verb, place)
            assert answer.status_code == 501, (verb, path)
            assert answer.json()["status"]["statusCode"] == "NotImplemented"
            assert place in answer.json()["status"]["statusMessage"]
            assert "not-built.md" in answer.json()["status"]["statusSuggestion"]
