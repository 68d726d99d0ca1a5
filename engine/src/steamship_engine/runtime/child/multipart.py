"""multipart/form-data: fields by name. A file part counts as its text, like any other field."""

import re

PARTS = 1_000
_PARAMETER = re.compile(r';\s*([!#$%&\'*+.^_`|~0-9A-Za-z-]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^;]*)')


class Malformed(ValueError):
    """The body is no multipart form."""


def parameter(header: str, name: str) -> str:
    """One parameter of a header such as `form-data; name="a"`; empty when it is not there."""
    for found, value in _PARAMETER.findall(header):
        if found.lower() == name:
            text = value.strip()
            return re.sub(r"\\(.)", r"\1", text[1:-1]) if text.startswith('"') else text
    return ""


def fields(content_type: str, body: bytes) -> list[tuple[str, str]]:
    """Name and text of each part, in order. Raises Malformed."""
    boundary = parameter(content_type, "boundary").encode("utf-8", "surrogateescape")
    if not 0 < len(boundary) <= 200:
        raise Malformed("its Content-Type has no boundary")
    delimiter = b"\r\n--" + boundary
    pieces = (b"\r\n" + body).split(delimiter)
    if len(pieces) < 2 or not pieces[-1].startswith(b"--"):
        raise Malformed("its closing boundary is missing")
    if len(pieces) > PARTS + 2:
        raise Malformed(f"it has more than {PARTS} parts")
    return [_field(piece) for piece in pieces[1:-1]]


def _field(piece: bytes) -> tuple[str, str]:
    before, line_end, rest = piece.partition(b"\r\n")
    if not line_end or before.strip():
        raise Malformed("a part has no headers")
    head, blank, content = (b"\r\n" + rest).partition(b"\r\n\r\n")
    if not blank:
        raise Malformed("a part has no end of headers")
    name = _name(head)
    try:
        return name, content.decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed(f'the part "{name}" is not UTF-8 text') from None


def _name(head: bytes) -> str:
    try:
        lines = head.decode("utf-8").split("\r\n")
    except UnicodeDecodeError:
        raise Malformed("a part's headers are not UTF-8") from None
    for line in lines:
        key, _, value = line.partition(":")
        if key.strip().lower() == "content-disposition":
            name = parameter(value, "name")
            if name:
                return name
    raise Malformed("a part has no name")
