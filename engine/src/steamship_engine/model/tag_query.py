"""The tag query language (docs/reference/protocol.md#tag-queries), as far as this engine speaks it.

    query := "all" | expr
    expr  := term ( ("and" term)* | ("or" term)* )
    term  := "(" expr ")" | "filetag" | ("kind" | "name" | "file_id") STRING

Every predicate of a query is about one and the same tag. The rest of the language is NotBuiltYetError.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from steamship_engine.model.errors import InvalidRequestError, NotBuiltYetError

_TOKEN = re.compile(
    r'\s*(?:(?P<text>"[^"]*")|(?P<word>[A-Za-z_]+)|(?P<mark>[(){}]|[<>]=?|=)|(?P<number>-?\d[\d.]*))'
)
_FIELDS = ("kind", "name", "file_id")
_NOT_BUILT = ("blocktag", "block_id", "value", "overlaps", "samespan", "sameblock", "samefile")
_DEEPEST = 50
_MOST_PREDICATES = 500
"""Databases bound how large a condition may be; SQLite's bound is 1000."""


@dataclass(frozen=True)
class Everything:
    """`all`: whether there is a tag or not."""


@dataclass(frozen=True)
class FileTag:
    """The tag is a file's own."""


@dataclass(frozen=True)
class Equals:
    """The tag's `field` (`kind`, `name` or `file_id`) is `value`."""

    field: str
    value: str


@dataclass(frozen=True)
class Both:
    """Every part holds."""

    parts: tuple[TagQuery, ...]


@dataclass(frozen=True)
class Either:
    """At least one part holds."""

    parts: tuple[TagQuery, ...]


TagQuery = Everything | FileTag | Equals | Both | Either


def parse(text: str) -> TagQuery:
    """The query that `text` holds. InvalidRequestError where it is none."""
    parser = _Parser(text)
    if parser.words() == ["all"]:
        return Everything()
    query = parser.expression(0)
    parser.expect_end()
    return query


class _Parser:
    """Recursive descent over the tokens; `at` is the next one."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = _tokens(text)
        self._at = 0
        self._predicates = 0

    def words(self) -> list[str]:
        return [token.lower() for token in self._tokens]

    def expression(self, depth: int) -> TagQuery:
        if depth > _DEEPEST:
            raise self._wrong("it is nested too deeply")
        parts = [self._term(depth)]
        joint = self._peek()
        if joint not in ("and", "or"):
            return parts[0]
        while self._peek() in ("and", "or"):
            if self._take() != joint:
                raise self._wrong('"and" and "or" stand side by side; put one of them in parentheses')
            parts.append(self._term(depth))
        return Both(tuple(parts)) if joint == "and" else Either(tuple(parts))

    def expect_end(self) -> None:
        if self._at < len(self._tokens):
            raise self._wrong(f"{self._shown()} comes after its end")

    def _term(self, depth: int) -> TagQuery:
        word = self._peek()
        if word is None:
            raise self._wrong("it ends too early")
        self._predicates += word != "("
        if self._predicates > _MOST_PREDICATES:
            raise self._wrong(f"it has more than {_MOST_PREDICATES} predicates")
        if word in _NOT_BUILT:
            raise NotBuiltYetError(
                f'This engine does not understand "{word}" in tag queries yet.',
                suggestion="Query by filetag, kind, name and file_id, joined by and, or and parentheses.",
            )
        self._take()
        if word == "(":
            inner = self.expression(depth + 1)
            if self._peek() != ")":
                raise self._wrong('a ")" is missing')
            self._take()
            return inner
        if word == "filetag":
            return FileTag()
        if word in _FIELDS:
            return Equals(word, self._string(word))
        self._at -= 1
        raise self._wrong(f"{self._shown()} is not expected there")

    def _string(self, field: str) -> str:
        token = self._tokens[self._at] if self._at < len(self._tokens) else ""
        if not token.startswith('"'):
            raise self._wrong(f'"{field}" is followed by no text in double quotes')
        self._at += 1
        return token[1:-1]

    def _peek(self) -> str | None:
        return self._tokens[self._at].lower() if self._at < len(self._tokens) else None

    def _take(self) -> str:
        self._at += 1
        return self._tokens[self._at - 1].lower()

    def _shown(self) -> str:
        return f"`{self._tokens[self._at][:60]}`"

    def _wrong(self, why: str) -> InvalidRequestError:
        return _wrong(self._text, why)


def _tokens(text: str) -> list[str]:
    tokens: list[str] = []
    at = 0
    end = len(text.rstrip())
    while at < end:
        found = _TOKEN.match(text, at)
        if found is None:
            raise _wrong(text, f"it cannot be read from `{text[at:].strip()[:40]}` on")
        tokens.append(found.group().strip() if found["text"] is None else found["text"])
        at = found.end()
    return tokens


def _wrong(text: str, why: str) -> InvalidRequestError:
    return InvalidRequestError(
        f'The tag query "{text[:200]}" is not valid: {why}.',
        suggestion='A query looks like: filetag and kind "x" and name "y".',
    )
