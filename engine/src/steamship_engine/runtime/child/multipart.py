"""multipart/form-data: fields by name; a part that has a filename is a file, whose bytes stay as they are."""

import re

PARTS = 1_000
_HEAD = 16 * 1024
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


def fields(content_type: str, body: bytes, files_as_text: bool) -> "list[tuple[str, str | bytes]]":
    """Name of each part, in order, with its text, or with its bytes where it is a file. Raises Malformed."""
    boundary = parameter(content_type, "boundary").encode("utf-8", "surrogateescape")
    if not 0 < len(boundary) <= 200:
        raise Malformed("its Content-Type has no boundary")
    delimiter = b"\r\n--" + boundary
    pieces = (b"\r\n" + body).split(delimiter, PARTS + 2)
    if len(pieces) > PARTS + 2:
        raise Malformed(f"it has more than {PARTS} parts")
    if len(pieces) < 2 or not pieces[-1].startswith(b"--"):
        raise Malformed("its closing boundary is missing")
    return [_field(piece, files_as_text) for piece in pieces[1:-1]]


def _field(piece: bytes, files_as_text: bool) -> "tuple[str, str | bytes]":
    before, line_end, rest = piece.partition(b"\r\n")
    if not line_end or before.strip():
        raise Malformed("a part has no headers")
    head, blank, content = (b"\r\n" + rest).partition(b"\r\n\r\n")
    if not blank:
        raise Malformed("a part has no end of headers")
    if len(head) > _HEAD:
        raise Malformed(f"a part's headers have more than {_HEAD} bytes")
    disposition = _disposition(head)
    name = parameter(disposition, "name")
    if not name:
        raise Malformed("a part has no name")
    names = {found.lower() for found, _ in _PARAMETER.findall(disposition)}
    if names & {"filename", "filename*"} and not files_as_text:
        return name, content
    try:
        return name, content.decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed(f'the part "{name[:100]}" is not UTF-8 text') from None


def _disposition(head: bytes) -> str:
    """The part's Content-Disposition; empty when it has none."""
    try:
        lines = head.decode("utf-8").split("\r\n")
    except UnicodeDecodeError:
        raise Malformed("a part's headers are not UTF-8") from None
    for line in lines:
        key, _, value = line.partition(":")
        if key.strip().lower() == "content-disposition":
            return value
    return ""
