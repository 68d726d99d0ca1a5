"""docs/reference/not-built.md says what the engine does not have, and nothing that it has."""

from __future__ import annotations

from steamship_engine.api import not_built
from steamship_engine.api.table import BY_PATH
from steamship_engine.model import tag_query
from tests.services.pages import code, rows, section

PAGE = "docs/reference/not-built.md"


def _operations() -> list[str]:
    return [row[0].strip("`") for row in rows(section(PAGE, "## Operations"))]


def test_every_path_stands_there_once() -> None:
    """The table has the engine's list of paths, and beside it paths below its prefixes alone."""
    told = _operations()
    assert len(set(told)) == len(told)
    assert {path for path in told if not path.startswith(not_built.PREFIXES)} == set(not_built.PATHS)
    assert set(not_built.PREFIXES) <= set(code(section(PAGE, "## Operations")))


def test_everything_there_is_answered_so() -> None:
    """Each path is one that the engine refuses as not built, and no operation of its own."""
    for path in _operations():
        refusal = not_built.refusal(path.replace("{id}", "AB12"))
        assert refusal is not None, path
        assert (refusal.http_status, refusal.code) == (501, "NotImplemented")
        assert path not in BY_PATH


def test_parts_are_of_operations_that_are_there() -> None:
    """Where only a part is missing the operation itself is built; the words of queries are the engine's."""
    table = rows(section(PAGE, "## Parts of operations"))
    assert {path for row in table for path in code(row[0])} <= set(BY_PATH)
    (queries,) = [row[1] for row in table if "tag/query" in row[0]]
    assert set(code(queries)) == set(tag_query._NOT_BUILT)
