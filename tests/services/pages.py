"""The project's Markdown pages, as tests read them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]

_FENCE = re.compile(r"^```(\w+)[^\n]*\n(.*?)^```[ \t]*$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`([^`]+)`")


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, and the line on which the text begins."""

    language: str
    text: str
    line: int


def page(name: str) -> str:
    """The text of a page; `name` is its path from the repository's root."""
    return (ROOT / name).read_text("utf-8")


def blocks(name: str) -> list[Block]:
    """The page's fenced blocks that name a language, in order."""
    text = page(name)
    return [Block(m[1], m[2], text.count("\n", 0, m.start(2)) + 1) for m in _FENCE.finditer(text)]


def section(name: str, heading: str) -> str:
    """What stands between a heading (with its #s) and the next one of its level or above."""
    depth = heading.index(" ")
    _, _, rest = page(name).partition(f"\n{heading}\n")
    assert rest, f'"{name}" has no heading "{heading}"'
    return re.split(rf"^#{{1,{depth}}} ", rest, maxsplit=1, flags=re.MULTILINE)[0]


def rows(text: str) -> list[list[str]]:
    """The cells of the first table in `text`, without its head."""
    table = re.search(r"(?:^\|.*\n)+", text, re.MULTILINE)
    assert table is not None, "there is no table"
    lines = table[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def code(text: str) -> list[str]:
    """What stands between single backticks in `text`, in order."""
    return _CODE.findall(text)
