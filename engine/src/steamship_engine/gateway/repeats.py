"""Heads that repeat: a client's next request is mostly its last one again, but for a few values.

What the HTTP parser has read once on a connection is not read again: a head whose every line is, byte for byte, the one
of before is that head. Lines of headers that only pass to the package may have another value of plain characters, such
as a `traceparent`, and so may the body's length. Everything else is the parser's to read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from steamship_engine.gateway import plain
from steamship_engine.gateway.plain import Plain
from steamship_engine.model.identifiers import new_id, request_id

_VALUE = re.compile(rb"[!-~](?:[ -~]*[!-~])?")
_LENGTH, _REQUEST_ID, _OTHER = range(3)


class _Varying(NamedTuple):
    """A line that may have another value after `prefix`; `place` is its header's among those that pass."""

    prefix: bytes
    use: int
    name: str
    place: int


class Repeat:
    """A head that was read on a connection, so that it is known when it comes again."""

    __slots__ = ("_head", "_is_named", "_lines", "_may_vary", "_size", "_varying")

    def __init__(
        self, head: Plain, lines: list[bytes], may_vary: dict[int, _Varying], size: int, is_named: bool
    ) -> None:
        """`is_named` where the head's request id is its client's own; else each request has another one."""
        self._head, self._lines, self._may_vary, self._size = head, lines, may_vary, size
        self._is_named = is_named
        self._varying: dict[int, _Varying] = {}

    @classmethod
    def of(cls, data: bytes, head: Plain, names: Sequence[bytes], values: Sequence[bytes]) -> Repeat | None:
        """The head with which `data` begins, if `head`, `names` and `values` are what was read of it."""
        end = data.find(b"\r\n\r\n")
        lines = data[:end].split(b"\r\n")
        shape = plain.shape(tuple(names))
        if end < 0 or shape is None or len(lines) != len(names) + 1:
            return None
        if lines[0] != b"%b %b HTTP/1.1" % (head.place[0], head.target):
            return None
        prefixes = []
        for line, name, value in zip(lines[1:], names, values, strict=True):
            prefix = line[: len(line) - len(line[len(name) + 1 :].lstrip(b" \t"))]
            if not line.startswith(name + b":") or line[len(prefix) :] != value:
                return None
            prefixes.append(prefix)
        may_vary = {
            at + 1: _Varying(prefixes[at], _REQUEST_ID if at == shape.request_id else _OTHER, name, place)
            for place, (name, at) in enumerate(shape.passing)
        }
        size = 0
        if shape.length < len(names):
            may_vary[shape.length + 1] = _Varying(prefixes[shape.length], _LENGTH, "", 0)
            size = int(values[shape.length])
        given = values[shape.request_id] if shape.request_id < len(names) else b""
        return cls(head, lines, may_vary, size, is_named=given == head.request_id.encode())

    def again(self, data: bytes) -> tuple[Plain, bytes, int] | None:
        """The head of a request, what has come of its body and how many bytes are missing, if `data` is one as before; None for the parser to read."""
        end = data.find(b"\r\n\r\n")
        if end < 0:
            return None
        lines = data[:end].split(b"\r\n")
        head, size = self._head, self._size
        if lines != self._lines:
            changed = self._changed(lines)
            if changed is None:
                return None
            head, size = changed
        elif not self._is_named:
            head = Plain(head.place, head.verb, head.query, head.headers, new_id())
        missing = end + 4 + size - len(data)
        return (head, data[end + 4 :], missing) if missing >= 0 else None

    def _changed(self, lines: list[bytes]) -> tuple[Plain, int] | None:
        """The head with other values, and the body's length."""
        expected = self._lines.copy()
        if len(lines) != len(expected):
            return None
        for at in self._varying:
            expected[at] = lines[at]
        if lines != expected and not self._vary(lines, expected):
            return None
        head, size = self._head, self._size
        headers = list(head.headers)
        own = head.request_id if self._is_named else new_id()
        for at, (prefix, use, name, place) in self._varying.items():
            line = lines[at]
            value = line[len(prefix) :]
            if not line.startswith(prefix) or _VALUE.fullmatch(value) is None:
                return None
            if use == _LENGTH:
                if not plain.is_small(value):
                    return None
                size = int(value)
                continue
            text = value.decode("ascii")
            headers[place] = (name, text)
            if use == _REQUEST_ID:
                own = request_id(text)
        return Plain(head.place, head.verb, head.query, tuple(headers), own), size

    def _vary(self, lines: list[bytes], expected: list[bytes]) -> bool:
        """Note which further lines have other values; False where one of them must not."""
        for at, (line, before) in enumerate(zip(lines, expected, strict=True)):
            if line != before:
                if at not in self._may_vary:
                    return False
                self._varying[at] = self._may_vary[at]
        return True
