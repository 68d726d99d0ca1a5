"""The header of a `reply` frame, checked: what the engine would take for a wrong frame becomes an error."""

import re
from typing import Any

from .loading import DETAILS, MESSAGE, clean

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,200}")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]{0,8192}")
_HEADERS = 100


def succeeded(status: Any, headers: Any) -> "dict[str, Any]":
    """The header of an answer that the package gave. Raises ValueError for one that cannot be sent."""
    if type(status) is not int or not 200 <= status <= 599:
        raise ValueError(f"{status!r} is no HTTP status")
    pairs = [[name, value] for name, value in headers]
    if len(pairs) > _HEADERS:
        raise ValueError(f"more than {_HEADERS} headers")
    for name, value in pairs:
        if not (isinstance(name, str) and _NAME.fullmatch(name)):
            raise ValueError(f"{name!r} is no header name")
        if not (isinstance(value, str) and _VALUE.fullmatch(value)):
            raise ValueError(f"the header {name} has a value that no header can have")
    return {"status": status, "headers": pairs, "error": None}


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
