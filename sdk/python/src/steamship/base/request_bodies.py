"""Arguments and uploads as bytes.

In JSON, dates and times are ISO 8601, bytes base64, sets arrays, enums their values, pydantic models
their fields by wire name. In a query or a form text stands as it is, everything else as its JSON (`3`, `true`,
`["a", "b"]`), and None is left out.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode

from steamship.base.error import InvalidRequestError


class Upload(NamedTuple):
    """The file of a multipart body."""

    filename: str
    content: bytes
    mime_type: str = "application/octet-stream"


def json_body(what: str, arguments: Mapping[str, Any]) -> bytes:
    """`arguments` as JSON. Raises InvalidRequestError that names `what` and the argument at fault."""
    try:
        return _json(arguments).encode()
    except (TypeError, ValueError, RecursionError) as error:
        for name, value in arguments.items():
            _check(what, name, value)
        raise InvalidRequestError(f'The arguments of "{what}" cannot be written as JSON: {error}.') from error


def query(what: str, arguments: Mapping[str, Any]) -> str:
    """`arguments` as a query with its leading `?`, or "" for none. Raises InvalidRequestError."""
    pairs = _texts(what, arguments)
    return f"?{urlencode(pairs, errors='replace')}" if pairs else ""


def multipart(what: str, fields: Mapping[str, Any], upload: Upload) -> tuple[str, bytes]:
    """Content type and body of a form with `fields` and the upload as the field `file`.

    Text stands as it is, everything else as its JSON. None is left out.
    """
    boundary = secrets.token_hex(16)
    parts = [
        _part(boundary, f'name="{_quoted(name)}"', None, text.encode()) for name, text in _texts(what, fields)
    ]
    disposition = f'name="file"; filename="{_quoted(upload.filename)}"'
    parts += [_part(boundary, disposition, upload.mime_type, upload.content), f"--{boundary}--\r\n".encode()]
    return f"multipart/form-data; boundary={boundary}", b"".join(parts)


def _texts(what: str, fields: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Each field as one text: a text as it is, everything else as its JSON; None is left out."""
    pairs = []
    for name, value in fields.items():
        if value is not None:
            _check(what, name, value)
            text = _json(value)
            pairs.append((name, json.loads(text) if text.startswith('"') else text))
    return pairs


def _part(boundary: str, disposition: str, mime_type: str | None, content: bytes) -> bytes:
    head = f"--{boundary}\r\nContent-Disposition: form-data; {disposition}\r\n"
    if mime_type is not None:
        head += f"Content-Type: {mime_type}\r\n"
    return f"{head}\r\n".encode() + content + b"\r\n"


def _quoted(name: str) -> str:
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


def _json(value: Any) -> str:
    return json.dumps(value, allow_nan=False, default=_plain)


def _plain(value: Any) -> Any:
    """One step towards JSON for a value that `json` does not know."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        import base64

        return base64.b64encode(value).decode()
    from pydantic_core import PydanticSerializationError, to_jsonable_python

    try:
        return to_jsonable_python(value, by_alias=True)
    except PydanticSerializationError as error:
        raise TypeError(f'a "{type(value).__name__}" has no JSON form') from error


def _check(what: str, name: str, value: Any) -> None:
    try:
        _json(value)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidRequestError(
            f'The argument "{name}" of "{what}" cannot be written as JSON: {error}.',
            suggestion="Pass text, numbers, booleans, None, lists, dicts, bytes, dates or pydantic models.",
        ) from error
