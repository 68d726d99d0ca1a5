"""Metadata as JSON text, and a digest of it."""

from __future__ import annotations

import json
from typing import Any

from steamship.base.error import InvalidConfigError


def str_to_metadata(s: str | None) -> Any:
    """The value of JSON text; None for None."""
    return None if s is None else json.loads(s)


def metadata_to_str(m: Any) -> str | None:
    """JSON text of a value; None for None."""
    return None if m is None else json.dumps(m)


def hash_dict(d: dict[str, Any]) -> str:
    """MD5 of the JSON of `d` with sorted keys, as `json.dumps` writes it: every client makes the same.

    Raises InvalidConfigError for what has no JSON form.
    """
    import hashlib

    try:
        text = json.dumps(d, sort_keys=True)
    except (TypeError, ValueError) as error:
        raise InvalidConfigError(
            f"The config cannot be written as JSON: {error}.",
            suggestion="Use strings, numbers and booleans only.",
        ) from error
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
