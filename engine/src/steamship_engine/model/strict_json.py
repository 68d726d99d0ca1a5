"""JSON from strangers: what the standard library lets through, this refuses in one clause."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from typing import Any, NoReturn

DEEPEST = 100
"""Levels of objects and lists that a stranger's value may have: fewer than any encoder's recursion stops at."""


class NotJsonError(ValueError):
    """Why a text is no JSON, as a clause for a message: `the key "a" is there twice`."""


def read_json(text: str | bytes, deepest: int = DEEPEST) -> Any:
    """The value of a JSON text.

    NotJsonError for bad UTF-8, NaN and infinities, duplicate keys, numbers too long or too large, and
    more than `deepest` levels. A byte order mark is skipped.
    """
    try:
        value = json.loads(
            text if isinstance(text, str) else text.decode("utf-8-sig"),
            object_pairs_hook=_unique,
            parse_constant=_refuse_constant,
            parse_float=_finite,
        )
    except NotJsonError:
        raise
    except RecursionError:
        raise _too_deep(deepest) from None
    except UnicodeDecodeError as error:
        raise NotJsonError(f"the byte at {error.start} is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise NotJsonError(f"{error.msg}, line {error.lineno} column {error.colno}") from None
    except ValueError:
        raise NotJsonError("it has a number that is too long") from None
    if is_deeper(value, deepest):
        raise _too_deep(deepest)
    return value


def is_deeper(value: Any, deepest: int = DEEPEST) -> bool:
    """Whether `value` has more than `deepest` levels of objects and lists."""
    level = [value]
    for _ in range(deepest):
        level = [child for parent in level for child in _children(parent) if isinstance(child, dict | list)]
        if not level:
            return False
    return True


def _children(parent: Any) -> Iterable[Any]:
    if isinstance(parent, dict):
        return parent.values()
    return parent if isinstance(parent, list) else ()


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise NotJsonError(f'the key "{_shown(name)}" is there twice')
            seen.add(name)
    return value


def _refuse_constant(text: str) -> NoReturn:
    raise NotJsonError(f'"{text}" is no JSON number')


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise NotJsonError(f'the number "{text[:40]}" is too large')
    return number


def _shown(text: str) -> str:
    return text[:80].encode("ascii", "backslashreplace").decode()


def _too_deep(deepest: int) -> NotJsonError:
    return NotJsonError(f"it is more than {deepest} levels deep")
