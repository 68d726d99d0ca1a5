"""Heads that repeat: a client's next request is mostly its last one again, but for a few values.

What the HTTP parser has read once on a connection is not read again: a head whose every line is, byte for byte, the one
of before is that head. Lines of headers that only pass to the package may have another value of plain characters, such
as a `traceparent`, and so may the body's length. Everything else is the parser's to read.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from steamship_engine.gateway import plain
from steamship_engine.gateway.plain import Plain
from steamship_engine.model.identifiers import new_id, request_id

_LENGTH, _REQUEST_ID, _OTHER = range(3)


class _Varying(NamedTuple):
    """A line that may have another value after `prefix` than `before`; `place` is its header's among those that pass."""

    prefix: bytes
    use: int
    name: str
    place: int
    before: bytes


class Repeat:
    """A head that was read on a connection, so that it is known when it comes again."""

    __slots__ = ("_fixed", "_head", "_is_named", "_lines", "_may_vary", "_size", "_tail", "_varying")

    def __init__(
        self, head: Plain, lines: list[bytes], may_vary: dict[int, _Varying], size: int, is_named: bool
    ) -> None:
        """`is_named` where the head's request id is its client's own; else each request has another one."""
        self._head, self._lines, self._may_vary, self._size = head, lines, may_vary, size
        self._is_named = is_named
        self._cut({})

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
            at + 1: _Varying(
                prefixes[at], _REQUEST_ID if at == shape.request_id else _OTHER, name, place, values[at]
            )
            for place, (name, at) in enumerate(shape.passing)
        }
        size = 0
        if shape.length < len(names):
            may_vary[shape.length + 1] = _Varying(
                prefixes[shape.length], _LENGTH, "", 0, values[shape.length]
            )
            size = int(values[shape.length])
        given = values[shape.request_id] if shape.request_id < len(names) else b""
        return cls(head, lines, may_vary, size, is_named=given == head.request_id.encode())

    def again(self, data: bytes) -> tuple[Plain, bytes, int] | None:
        """The head of a request, what has come of its body and how many bytes are missing, if `data` is one as before; None for the parser to read."""
        values, end = self._values(data)
        if end < 0 and self._learn(data):
            values, end = self._values(data)
        if end < 0:
            return None
        head, size = self._head, self._size
        if values:
            varied = self._varied(values)
            if varied is None:
                return None
            head, size = varied
        elif not self._is_named:
            head = Plain(head.place, head.verb, head.query, head.headers, new_id())
        missing = end + size - len(data)
        return (head, data[end:], missing) if missing >= 0 else None

    def _values(self, data: bytes) -> tuple[list[bytes], int]:
        """The values of the lines that vary, and where the head ends; -1 where the rest of it is not as before."""
        at = 0
        values = []
        for fixed in self._fixed:
            if not data.startswith(fixed, at):
                return [], -1
            begin = at + len(fixed)
            at = data.find(b"\r", begin)
            if at < 0:
                return [], -1
            values.append(data[begin:at])
        return (values, at + len(self._tail)) if data.startswith(self._tail, at) else ([], -1)

    def _varied(self, values: list[bytes]) -> tuple[Plain, int] | None:
        """The head with other values, and the body's length; None for values that are not plain."""
        head, size = self._head, self._size
        headers = list(head.headers)
        own = head.request_id if self._is_named else ""
        for (_, use, name, at, before), value in zip(self._varying, values, strict=True):
            if value == before:
                continue
            if use == _LENGTH:
                if not plain.is_small(value):
                    return None
                size = int(value)
                continue
            text = value.decode("latin-1")
            if not _is_plain(text):
                return None
            headers[at] = (name, text)
            if use == _REQUEST_ID:
                own = request_id(text)
        return Plain(head.place, head.verb, head.query, tuple(headers), own or new_id()), size

    def _learn(self, data: bytes) -> bool:
        """Note which further lines have other values; False where one of them must not."""
        end = data.find(b"\r\n\r\n")
        lines = data[:end].split(b"\r\n")
        if end < 0 or len(lines) != len(self._lines):
            return False
        varying = dict.fromkeys(at for at, may in self._may_vary.items() if may in self._varying)
        for at, (line, before) in enumerate(zip(lines, self._lines, strict=True)):
            if line != before:
                if at not in self._may_vary or not line.startswith(self._may_vary[at].prefix):
                    return False
                varying[at] = None
        self._cut(varying)
        return True

    def _cut(self, varying: Collection[int]) -> None:
        """Cut the head at the values of the lines that vary: `_fixed` has what stands before each, `_tail` the rest."""
        self._varying = [self._may_vary[at] for at in sorted(varying)]
        self._fixed: list[bytes] = []
        whole = b""
        for at, line in enumerate(self._lines):
            if at in varying:
                self._fixed.append(whole + self._may_vary[at].prefix)
                whole = b"\r\n"
            else:
                whole += line + b"\r\n"
        self._tail = whole + b"\r\n"


def _is_plain(text: str) -> bool:
    """Whether it is a header's value of plain characters, without blanks around it."""
    return text.isascii() and text.isprintable() and text != "" and text[0] != " " and text[-1] != " "
