"""JSON from strangers: what the standard library lets through, this refuses in one sentence."""

from __future__ import annotations

import json
import math
from collections import Counter
from typing import Any


def read_json(text: str | bytes) -> Any:
    """The value of a JSON text.

    ValueError, its message a clause such as `it repeats the key "a"`, for bad UTF-8, NaN and Infinity,
    repeated keys, numbers of thousands of digits, and nesting too deep to be read.
    """
    try:
        decoded = text if isinstance(text, str) else text.decode("utf-8")
        return json.loads(
            decoded, object_pairs_hook=_object, parse_constant=_no_constant, parse_float=_finite
        )
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8") from None
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"{error.msg} at line {error.lineno}, column {error.colno}") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        counts = Counter(name for name, _ in pairs)
        raise ValueError(f'it repeats the key "{counts.most_common(1)[0][0][:100]}"')
    return found


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(f"it holds {digits[:40]}, which is too large a number")
    return number


def _no_constant(name: str) -> Any:
    raise ValueError(f"it holds {name}, which is no JSON number")
