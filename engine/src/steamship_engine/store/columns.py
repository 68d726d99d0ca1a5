"""Column types that read and write the same on SQLite and PostgreSQL."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Dialect, Integer, Text
from sqlalchemy.types import TypeDecorator

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Seq = BigInteger().with_variant(Integer, "sqlite")
"""An ever-growing row number; SQLite grows it for the type INTEGER only."""


class Instant(TypeDecorator[datetime]):
    """A moment in UTC, kept as whole microseconds since 1970: SQLite's dates forget their zone."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Microseconds of an aware datetime."""
        return None if value is None else microseconds(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """The aware datetime again."""
        return None if value is None else _EPOCH + timedelta(microseconds=value)


def microseconds(moment: datetime) -> int:
    """Whole microseconds of an aware moment since 1970."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


class Json(TypeDecorator[Any]):
    """Any JSON value as escaped ASCII text: PostgreSQL's own JSON refuses U+0000 and lone surrogates."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """The text; Python's None is SQL's NULL."""
        return None if value is None else json.dumps(value, separators=(",", ":"))

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """The value again."""
        return None if value is None else json.loads(value)


class Prose(TypeDecorator[str]):
    """Text of a stranger's making. U+0000, which PostgreSQL refuses, and lone surrogates become U+FFFD."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """The same text in characters that every database holds."""
        return None if value is None else storable(value)


def storable(text: str) -> str:
    """The text in characters that every database holds, as in a column of `Prose`."""
    if text.isascii() and "\0" not in text:
        return text
    return text.replace("\0", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def now() -> datetime:
    """This moment, aware, in UTC."""
    return datetime.now(UTC)
