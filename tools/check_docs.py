"""What the repository's words must hold: links lead somewhere, examples parse, nothing points outside.

- a link in a Markdown file leads to a file (and heading) that exists;
- every Markdown file that any text names exists here;
- every Python block in docs/ and in the READMEs compiles;
- no text holds a path of one person's machine, a registry's host name (each reader has a mirror of
  their own in their own configuration), a left-behind note, or a conflict marker;
- CHANGELOG.md has an Unreleased head.
"""

from __future__ import annotations

import ast
import re
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

from tools.stamps import ROOT
from tools.tracked import tracked_files

_FENCE = re.compile(r"^([ \t]*)```(\w*)[^\n]*\n(.*?)^[ \t]*```[ \t]*$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"!?\[[^\]]*\]\(<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\)")
_HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*$", re.MULTILINE)
_NAMED_PAGE = re.compile(r"[\w./-]*[\w-]\.md\b")

# The brackets keep this file from finding itself.
_HOSTS = r"pypi[.]org|pythonhosted[.]org|npmjs[.](?:org|com)|deb[.]debian[.]org"
_REFUSED = {
    "a registry's host name": re.compile(_HOSTS),
    "a path of one machine": re.compile(r"(?<![\w.$}])/(?:root|work)/[\w.]"),
    "a note left behind": re.compile(r"\b(?:TO[D]O|FIX[M]E|XX[X])\b"),
    "a conflict marker": re.compile(r"^(?:<{7} |>{7} |={7}$)", re.MULTILINE),
}


def main() -> None:
    """Check every tracked text file."""
    problems: list[str] = []
    pages = tracked_files(".md")
    names = {path.name.lower() for path in pages}
    for path in tracked_files():
        try:
            text = (ROOT / path).read_text()
        except UnicodeDecodeError:
            continue
        problems += _refused(path, text)
        if path.suffix in {".md", ".py", ".toml", ".ts", ".txt"} and path.parts[0] != "tests":
            problems += _unknown_pages(path, text, names)
    for path in pages:
        text = (ROOT / path).read_text()
        problems += _broken_links(path, text)
        if path.parts[0] == "docs" or path.name == "README.md":
            problems += _broken_examples(path, text)
    problems += _changelog()
    sys.exit("\n".join(problems) or 0)


def _refused(path: Path, text: str) -> Iterator[str]:
    for what, pattern in _REFUSED.items():
        for match in pattern.finditer(text):
            yield f'{path}:{_line(text, match.start())}: "{match[0].strip()}" is {what}'


def _unknown_pages(path: Path, text: str, names: set[str]) -> Iterator[str]:
    for match in _NAMED_PAGE.finditer(text):
        if Path(match[0]).name.lower() not in names:
            yield f'{path}:{_line(text, match.start())}: there is no page "{match[0]}" in this repository'


def _broken_links(path: Path, text: str) -> Iterator[str]:
    prose = _FENCE.sub(lambda fence: "\n" * fence[0].count("\n"), text)
    for match in _LINK.finditer(prose):
        target, _, anchor = match[1].partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        to = (ROOT / path).parent / target if target else ROOT / path
        if not to.exists():
            yield f'{path}:{_line(prose, match.start())}: the link to "{match[1]}" leads nowhere'
        elif anchor and to.suffix == ".md" and anchor not in anchors(to.read_text()):
            yield f'{path}:{_line(prose, match.start())}: "{target or path}" has no heading "#{anchor}"'


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as forges make them."""
    prose = _FENCE.sub("", text)
    return {
        re.sub(r"[^\w\- ]", "", heading.replace("`", "")).strip().lower().replace(" ", "-")
        for heading in _HEADING.findall(prose)
    }


def _broken_examples(path: Path, text: str) -> Iterator[str]:
    for match in _FENCE.finditer(text):
        if match[2] not in {"python", "py"}:
            continue
        try:
            compile(textwrap.dedent(match[3]), str(path), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        except SyntaxError as error:
            line = _line(text, match.start()) + (error.lineno or 1)
            yield f"{path}:{line}: this example does not compile: {error.msg}"


def _changelog() -> Iterator[str]:
    page = ROOT / "CHANGELOG.md"
    if not page.exists() or not re.search(r"^## \[?Unreleased\]?", page.read_text(), re.MULTILINE):
        yield "CHANGELOG.md: there is no `## Unreleased` head; a change that a user notices gets a line there"


def _line(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


if __name__ == "__main__":
    main()
