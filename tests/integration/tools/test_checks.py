"""`make check`'s own programs: each finds what it is there to find, and leaves good files alone."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tools import check, check_docs, check_shape, lock

_HERE = Path("docs/page.md")


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository of its own."""
    monkeypatch.setattr(check_docs, "ROOT", tmp_path)
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "other.md").write_text("# The `one` head, twice\n\n```sh\n# no head\n```\n")
    return tmp_path


@pytest.mark.parametrize(
    "target", ["other.md", "../docs/other.md", "other.md#the-one-head-twice", "https://x.test/y"]
)
def test_a_good_link_passes(target: str) -> None:
    """A link to a page, to a heading of it, or out into the world is left alone."""
    assert list(check_docs._broken_links(_HERE, f"See [it]({target}).")) == []


@pytest.mark.parametrize("target", ["missing.md", "other.md#missing", "other.md#no-head", "#missing"])
def test_a_link_into_nothing_is_found(root: Path, target: str) -> None:
    """A link whose page or heading does not exist is named with its line."""
    text = f"\n\nSee [it]({target})."
    (root / _HERE).write_text(text)
    (problem,) = check_docs._broken_links(_HERE, text)
    assert problem.startswith("docs/page.md:3: ")


def test_links_inside_examples_are_not_links() -> None:
    """What looks like a link inside a fenced block is not followed."""
    assert list(check_docs._broken_links(_HERE, "```python\nx[0](missing.md)\n```\n")) == []


def test_an_example_that_does_not_compile_is_found_by_its_line() -> None:
    """A Python block with a syntax error is named with the line of the page; `await` at top level is fine."""
    good = "```python\nawait instance\n```\n"
    assert list(check_docs._broken_examples(_HERE, good)) == []
    (problem,) = check_docs._broken_examples(_HERE, good + "```python\nx = 1\nx = = 2\n```\n")
    assert problem.startswith("docs/page.md:6: this example does not compile")


@pytest.mark.parametrize(
    "text", ["see https://pypi.~org/simple", "in /~work/place/x", "# TO~DO: later", "<<<<<<~< a"]
)
def test_words_that_do_not_belong_are_found(text: str) -> None:
    """A registry's host, a path of one machine, a left-behind note and a conflict marker are refused."""
    assert len(list(check_docs._refused(_HERE, f"fine\n{text}\n".replace("~", "")))) == 1


def test_a_page_that_does_not_exist_is_found_in_code_too() -> None:
    """Code may name pages of this repository only."""
    names = {"architecture.md"}
    assert list(check_docs._unknown_pages(Path("x.py"), "# see ARCHITECTURE.md", names)) == []
    assert len(list(check_docs._unknown_pages(Path("x.py"), "# see elsewhere.md", names))) == 1


def test_a_function_of_61_lines_is_too_long() -> None:
    """60 lines pass and 61 do not, whatever decorators stand above."""
    for lines, problems in ((60, 0), (61, 1)):
        tree = ast.parse("@decorator\ndef f():\n" + "    pass\n" * (lines - 1))
        assert len(list(check_shape._long_functions(Path("x.py"), tree))) == problems


def test_a_test_without_a_sentence_is_found() -> None:
    """A test function, a method too, needs a docstring; a helper does not."""
    tree = ast.parse("def test_a(): ...\nclass T:\n    async def test_b(self): ...\ndef helper(): ...\n")
    assert len(list(check_shape._silent_tests(Path("test_x.py"), tree))) == 2


@pytest.mark.parametrize(
    ("line", "problems"),
    [
        ("import json, msgspec", 1),
        ("from steamship_engine.model import errors", 1),
        ("from steamship import Steamship", 1),
        ("from steamship.invocable.serving import Serving", 0),
        ("from . import frames", 0),
        ("import socket", 0),
    ],
)
def test_the_child_imports_the_standard_library(line: str, problems: int) -> None:
    """The child may import the standard library, its own modules and the serving contract, nothing else."""
    found = list(check_shape._foreign_imports(check_shape._CHILD / "x.py", ast.parse(line)))
    assert len(found) == problems


def test_a_lock_is_stale_when_a_requirement_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A changed requirement makes the lock stale; a changed comment does not."""
    monkeypatch.setattr(lock, "ROOT", tmp_path)
    wanted, locked = tmp_path / "x.in", tmp_path / "x.txt"
    wanted.write_text("# why\nhttpx\n")
    one = lock.Lock(locked, (wanted,), "3.11")
    locked.write_text(f"{lock._STAMP}{lock._digest(one)}\nhttpx==1\n")
    wanted.write_text("# why not\nhttpx  # really\n")
    assert lock._stale(one) == []
    wanted.write_text("httpx>=2\n")
    assert lock._stale(one) == ["x.txt is not what x.in ask for; run `make lock`"]


def test_an_unknown_check_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """Asking for a check that does not exist lists those that do and exits 2."""
    with pytest.raises(SystemExit) as ended:
        check.main(["typos"])
    assert ended.value.code == 2
    assert '"typos"' in capsys.readouterr().err
