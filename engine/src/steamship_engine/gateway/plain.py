"""Plain requests: those whose head needs no thought, read in one pass over their headers.

Almost every call is one. To be anything else (a doubled or unusual header, an odd target) is no error here: such
a request is read by `inbound`, and refused where that is due.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from steamship_engine.model.identifiers import request_id
from steamship_engine.model.limits import GATEWAY
from steamship_engine.model.reserved import reaches_package

_VERBS = {name: name.decode() for name in (b"GET", b"POST", b"PUT", b"PATCH", b"DELETE")} | {b"HEAD": "GET"}

KEY = 3
"""Where the Authorization header stands in `Plain.place`."""

# What a header is for: the numbers from 0 on are places of those that a plain request has at most once.
_PASSES, _STAYS, _ODD = -1, -2, -3
_SINGLE = {
    "host": 0,
    "authorization": 1,
    "x-package-owner-handle": 2,
    "x-package-instance-id": 3,
    "content-length": 4,
    "content-type": 5,
    "x-request-id": 6,
}
_NONE: tuple[bytes | None, ...] = (None,) * len(_SINGLE)
_REACHES_TOO = 5
"""The first of those places whose header a package sees."""

_known: dict[bytes, tuple[str, int]] = {}
_KNOWN_AT_MOST = 1_000
_LONGEST_KNOWN = 64


class Plain(NamedTuple):
    """A plain request's head.

    `place` is everything in it that decides which method is called, and who may call it: verb, path, host, authorization,
    and the two headers that name an instance. `headers` may pass to the package. `length` is that of the body.
    """

    place: tuple[bytes, ...]
    verb: str
    query: str
    headers: tuple[tuple[str, str], ...]
    request_id: str
    length: int

    @property
    def authorization(self) -> bytes:
        """The header's value; empty without one."""
        return self.place[KEY]

    @property
    def is_head(self) -> bool:
        """Whether no body is wanted of what is otherwise a GET."""
        return self.place[0] == b"HEAD"


def read(verb: bytes, target: bytes, headers: Iterable[tuple[bytes, bytes]]) -> Plain | None:
    """The head of a request if it is plain and its body small. `target` is the request line's; names may be in any case."""
    method = _VERBS.get(verb)
    if method is None or target[:1] != b"/" or target[:2] == b"//" or b"#" in target:
        return None
    single = list(_NONE)
    passing: list[tuple[str, str]] = []
    for name, value in headers:
        text, use = _known.get(name) or _classified(name)
        if use == _PASSES:
            passing.append((text, value.decode("latin-1")))
        elif use >= 0:
            if single[use] is not None:
                return None
            single[use] = value
            if use >= _REACHES_TOO:
                passing.append((text, value.decode("latin-1")))
        elif use == _ODD:
            return None
    host, authorization, owner, instance, length, _, given = single
    if length is None:
        size = 0
    elif not length.isdigit() or len(length) > _DIGITS or (size := int(length)) > GATEWAY.small:
        return None
    path, _, query = target.partition(b"?")
    return Plain(
        (verb, path, host or b"", authorization or b"", owner or b"", instance or b""),
        method,
        query.decode("latin-1"),
        tuple(passing),
        request_id("" if given is None else given.decode("latin-1")),
        size,
    )


_DIGITS = len(str(GATEWAY.small))


def _classified(name: bytes) -> tuple[str, int]:
    text = name.decode("latin-1").lower()
    if text in _SINGLE:
        use = _SINGLE[text]
    elif text in ("transfer-encoding", "expect", "upgrade") or text.startswith("x-task-"):
        use = _ODD
    else:
        use = _PASSES if reaches_package(text) else _STAYS
    if len(name) <= _LONGEST_KNOWN:
        if len(_known) >= _KNOWN_AT_MOST:
            _known.clear()
        _known[name] = text, use
    return text, use
