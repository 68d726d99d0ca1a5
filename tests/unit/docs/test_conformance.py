"""docs/conformance.md names tests that exist."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

from tests.services.pages import ROOT, page

PAGE = "docs/conformance.md"
ITEMS = 21
_SECTION = re.compile(r"^## (?:(\d+)\. )?(.+)$", re.MULTILINE)
_NAMED = re.compile(r"``\s(?P<quoted>.+?::.+?)\s``|`(?P<plain>[^`]+?::[^`]+?)`")


def _named_tests(text: str) -> list[str]:
    return [match["quoted"] or match["plain"] for match in _NAMED.finditer(text)]


def _sections() -> dict[str, str]:
    """The sections' text by number, or by heading where they have none."""
    parts = _SECTION.split(page(PAGE))[1:]
    return {number or title: text for number, title, text in zip(*[iter(parts)] * 3, strict=True)}


def test_every_named_test_exists() -> None:
    """The file of each named test is there, and has a test of that name."""
    named = [name.partition("::") for name in _named_tests(page(PAGE))]
    missing = [f"{file}::{test}" for file, _, test in named if test not in _tests_of(ROOT / file)]
    assert missing == []


def test_every_item_has_a_test() -> None:
    """Each of the numbered promises, and each of the headings beside them, has a row with a test."""
    sections = _sections()
    wanted = [
        *(str(number) for number in range(1, ITEMS + 1)),
        "Packages of the original",
        "Two commands",
        "Examples",
        "Floor",
        "Runtime",
        "Sandbox",
        "House",
    ]
    assert list(sections) == wanted
    assert [name for name, text in sections.items() if not _named_tests(text)] == []


def test_every_row_has_its_client() -> None:
    """Each row says for which client it holds, and names a test or says that there is none yet."""
    rows = [line for line in page(PAGE).splitlines() if line.startswith("| ") and "what holds" not in line]
    for row in rows:
        _, client, tests = row.strip("| ").rsplit(" | ", 2)
        assert client in {"ours", "original", "TypeScript", "HTTP", "CLI", "all"}, row
        assert _named_tests(tests) or tests == "none yet", row


@cache
def _tests_of(path: Path) -> frozenset[str]:
    """The names of a Python file's tests (test classes and state machines too), or the titles of a TypeScript one's."""
    if not path.is_file():
        return frozenset()
    text = path.read_text("utf-8")
    if path.suffix == ".ts":
        return frozenset(re.findall(r'^test\("((?:[^"\\]|\\.)*)"', text, re.MULTILINE))
    tree = ast.parse(text)
    functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    assigned = {
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    classes = {node.name for node in tree.body if isinstance(node, ast.ClassDef)}
    return frozenset(name for name in functions | assigned | classes if name.lower().startswith("test"))
