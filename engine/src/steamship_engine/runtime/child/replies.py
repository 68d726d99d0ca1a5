"""The header of a `reply` frame, checked: what the engine would take for a wrong frame becomes an error."""

import re
from typing import Any

from .frames import pack_header
from .loading import DETAILS, MESSAGE, clean

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,200}")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]{0,8192}")
_HEADERS = 100
_SHOWN = 100
_KEPT = 256
_known: "dict[Any, bytes]" = {}


def packed(told: "dict[str, Any]") -> bytes:
    """What follows the `more` of a `reply` frame's header."""
    return pack_header(told)[1:].encode("utf-8")


def packed_success(status: Any, headers: Any) -> bytes:
    """`packed` of `succeeded`, which says most things more than once. Raises ValueError."""
    try:
        key = (status, *map(tuple, headers))
        known = _known.get(key)
    except TypeError:
        return packed(succeeded(status, headers))
    if known is None:
        known = packed(succeeded(status, headers))
        if len(_known) >= _KEPT:
            _known.clear()
        _known[key] = known
    return known


def succeeded(status: Any, headers: Any) -> "dict[str, Any]":
    """The header of an answer that the package gave. Raises ValueError for one that cannot be sent."""
    if type(status) is not int or not 200 <= status <= 599:
        raise ValueError(f"{_shown(status)} is no HTTP status")
    pairs = [[name, value] for name, value in headers]
    if len(pairs) > _HEADERS:
        raise ValueError(f"more than {_HEADERS} headers")
    for name, value in pairs:
        if not (isinstance(name, str) and _NAME.fullmatch(name)):
            raise ValueError(f"{_shown(name)} is no header name")
        if not (isinstance(value, str) and _VALUE.fullmatch(value)):
            raise ValueError(f"the header {name} has a value that no header can have")
    return {"status": status, "headers": pairs, "error": None}


def _shown(value: Any) -> str:
    """What was given, or as much of it as a message holds."""
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def failed(
    status: int,
    code: str,
    message: str,
    *,
    suggestion: "str | None" = None,
    details: "str | None" = None,
    deliberate: bool = False,
) -> "dict[str, Any]":
    """The header of an answer that says why there is none."""
    error = {
        "code": clean(code, 100),
        "message": clean(message, MESSAGE),
        "suggestion": None if suggestion is None else clean(suggestion, MESSAGE),
        "details": None if details is None else clean(details, DETAILS),
        "deliberate": deliberate,
    }
    return {"status": status, "headers": [], "error": error}
