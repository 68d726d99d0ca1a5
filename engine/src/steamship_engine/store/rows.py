"""Rows to nouns, and pages of rows."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Collection, Hashable, Iterator
from dataclasses import dataclass, fields
from enum import Enum
from functools import cache
from typing import Any, Generic, TypeVar, cast, get_type_hints

from sqlalchemy import Connection, Row, Select, Table

Noun = TypeVar("Noun")

_BATCH = 5_000
"""Values in one query: databases take some ten thousands, PostgreSQL 65,535."""


@cache
def _shape(noun: type[Any]) -> tuple[tuple[str, type[Enum] | None], ...]:
    hints = get_type_hints(noun)
    kinds = {name: hint for name, hint in hints.items() if isinstance(hint, type) and issubclass(hint, Enum)}
    return tuple((field.name, kinds.get(field.name)) for field in fields(noun))


def read(noun: type[Noun], row: Row[Any]) -> Noun:
    """The noun that a row of its table holds."""
    mapping = row._mapping
    values = {
        name: mapping[name] if kind is None else kind(mapping[name])
        for name, kind in _shape(cast(Hashable, noun))
    }
    return noun(**values)


def first(connection: Connection, noun: type[Noun], query: Select[Any]) -> Noun | None:
    """The first noun that `query` finds, or None."""
    row = connection.execute(query.limit(1)).first()
    return None if row is None else read(noun, row)


def every(connection: Connection, noun: type[Noun], query: Select[Any]) -> list[Noun]:
    """All nouns that `query` finds, in its order."""
    return [read(noun, row) for row in connection.execute(query)]


def batched(ids: Collection[str]) -> Iterator[list[str]]:
    """The ids in portions that one query may name."""
    every_id = list(ids)
    for start in range(0, len(every_id), _BATCH):
        yield every_id[start : start + _BATCH]


@dataclass(frozen=True)
class Paging:
    """Which page is wanted: `size` rows after `token`, newest first unless `ascending`."""

    size: int
    token: str | None = None
    ascending: bool = False


@dataclass(frozen=True)
class Page(Generic[Noun]):
    """Some nouns, and the token of the next page, or None on the last one."""

    items: list[Noun]
    next_token: str | None


def page(
    connection: Connection, noun: type[Noun], table: Table, query: Select[Any], paging: Paging
) -> Page[Noun]:
    """One page of `query`, ordered by creation. An unknown token gives the first page."""
    seq = table.c.seq
    after = _seq_of(paging.token)
    if after is not None:
        query = query.where(seq > after if paging.ascending else seq < after)
    query = query.order_by(seq.asc() if paging.ascending else seq.desc())
    found = every(connection, noun, query.limit(paging.size + 1))
    shown = found[: paging.size]
    more = len(found) > paging.size
    return Page(shown, _token_of(cast(Any, shown[-1]).seq) if more and shown else None)


def _token_of(seq: int) -> str:
    return base64.urlsafe_b64encode(f"seq:{seq}".encode()).decode().rstrip("=")


def _seq_of(token: str | None) -> int | None:
    if not token:
        return None
    try:
        text = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode("ascii")
    except (binascii.Error, UnicodeError, ValueError):
        return None
    prefix, _, digits = text.partition(":")
    return int(digits) if prefix == "seq" and digits.isdecimal() and len(digits) < 19 else None
