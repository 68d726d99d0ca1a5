"""Plain requests: those whose head needs no thought.

Almost every call is one. To be anything else (a doubled or unusual header, an odd target) is no error here: such
a request is read by `inbound`, and refused where that is due. What there is to know of header names is remembered
by all of them together, for a client sends the same ones each time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from steamship_engine.model.identifiers import request_id
from steamship_engine.model.limits import GATEWAY
from steamship_engine.model.reserved import reaches_package

_VERBS = {name: name.decode() for name in (b"GET", b"POST", b"PUT", b"PATCH", b"DELETE")} | {b"HEAD": "GET"}

KEY = 3
"""Where the Authorization header stands in `Plain.place`."""

_DIGITS = len(str(GATEWAY.small))
_SHAPES = 1_000
_LONGEST_SHAPE = 2_000


class Plain(msgspec.Struct, frozen=True, gc=False):
    """A plain request's head.

    `place` is everything in it that decides which method is called, and who may call it: verb, path, host, authorization,
    and the two headers that name an instance. `headers` may pass to the package.
    """

    place: tuple[bytes, ...]
    verb: str
    query: str
    headers: tuple[tuple[str, str], ...]
    request_id: str

    @property
    def target(self) -> bytes:
        """What the request line has between the verb and the version."""
        return self.place[1] + (b"?" + self.query.encode("latin-1") if self.query else b"")

    @property
    def authorization(self) -> bytes:
        """The header's value; empty without one."""
        return self.place[KEY]

    @property
    def is_head(self) -> bool:
        """Whether no body is wanted of what is otherwise a GET."""
        return self.place[0] == b"HEAD"


class Shape(NamedTuple):
    """Where in a head the headers stand that are looked at, one after the last where there is none, and which may pass."""

    host: int
    authorization: int
    owner: int
    instance: int
    length: int
    request_id: int
    passing: tuple[tuple[str, int], ...]


_SINGLE = {
    "host": "host",
    "authorization": "authorization",
    "x-package-owner-handle": "owner",
    "x-package-instance-id": "instance",
    "content-length": "length",
    "x-request-id": "request_id",
    "content-type": "",
}
_shapes: dict[tuple[bytes, ...], Shape | None] = {}


def read(verb: bytes, target: bytes, names: Sequence[bytes], values: Sequence[bytes]) -> Plain | None:
    """The head of a request if it is plain and its body small. `target` is the request line's; names may be in any case."""
    method = _VERBS.get(verb)
    if method is None or not target.startswith(b"/") or target.startswith(b"//") or b"#" in target:
        return None
    known = tuple(names)
    found = _shapes.get(known) or shape(known)
    if found is None:
        return None
    host, authorization, owner, instance, length, given, passing = found
    if length < len(known) and not is_small(values[length]):
        return None
    values = [*values, b""]
    path, _, query = target.partition(b"?")
    return Plain(
        (verb, path, values[host], values[authorization], values[owner], values[instance]),
        method,
        query.decode("latin-1"),
        tuple([(name, values[at].decode("latin-1")) for name, at in passing]),
        request_id(values[given].decode("latin-1")),
    )


def is_small(length: bytes) -> bool:
    """Whether a Content-Length is one, and that of a small body."""
    return length.isdigit() and len(length) <= _DIGITS and int(length) <= GATEWAY.small


def shape(names: tuple[bytes, ...]) -> Shape | None:
    """The shape of a head with those header names; None where it is not plain."""
    if names in _shapes:
        return _shapes[names]
    found = _shape(names)
    if sum(map(len, names)) <= _LONGEST_SHAPE:
        if len(_shapes) >= _SHAPES:
            _shapes.clear()
        _shapes[names] = found
    return found


def _shape(names: tuple[bytes, ...]) -> Shape | None:
    places: dict[str, int] = {}
    passing = []
    for at, raw in enumerate(names):
        name = raw.decode("latin-1").lower()
        if name in ("transfer-encoding", "expect", "upgrade") or name.startswith("x-task-"):
            return None
        if name in _SINGLE:
            if name in places:
                return None
            places[name] = at
        if reaches_package(name):
            passing.append((name, at))
    found = {field: places.get(name, len(names)) for name, field in _SINGLE.items() if field}
    return Shape(**found, passing=tuple(passing))
