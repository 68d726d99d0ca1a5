"""What a package's method yields, item by item as it arrives."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterable, Iterator
from typing import Any

from steamship.base import answers
from steamship.base.error import PackageReplyError, error_from_status
from steamship.base.transport import HttpReply, NoReplyError, ReplyBody

EVENTS = "text/event-stream"
ACCEPT = f"{EVENTS}, application/json;q=0.9, */*;q=0.8"
"""A generator's items as events, since these can also tell of an error in their midst."""


def items(method: str, reply: ReplyBody) -> Iterator[Any]:
    """The items of an answer.

    `reply` has succeeded. Events give what their data is in JSON, or as text; a JSON list gives its items, another value itself; text and bytes
    come in pieces. Raises the error that the package or the engine reports, also in the middle; PackageReplyError
    when the answer breaks off; NoReplyError when it has not begun.
    """
    kind = HttpReply(reply.status, reply.headers, b"").content_type
    if kind == "application/json":
        value = answers.package_value(method, HttpReply(reply.status, reply.headers, b"".join(reply)))
        yield from value if isinstance(value, list) else [value]
        return
    chunks = _whole(method, reply)
    if kind == EVENTS:
        yield from _events(chunks)
    elif kind.startswith("text/"):
        yield from _text(chunks)
    else:
        yield from chunks


def _whole(method: str, reply: ReplyBody) -> Iterator[bytes]:
    """The chunks; that they end too early is the package's failure."""
    try:
        yield from reply
    except NoReplyError as error:
        if error.timed_out:
            raise
        raise PackageReplyError(
            f'The answer of "{method}" broke off: {error}.',
            suggestion="`ship logs` shows what the package said last.",
            request_id=reply.headers.get("x-request-id"),
        ) from error


def _text(chunks: Iterable[bytes]) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    for chunk in chunks:
        if text := decoder.decode(chunk):
            yield text
    if text := decoder.decode(b"", final=True):
        yield text


def _events(chunks: Iterable[bytes]) -> Iterator[Any]:
    """Each event's data."""
    kind, data = "", list[str]()
    for line in _lines(chunks):
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "event":
            kind = value
        elif name == "data":
            data.append(value)
        elif not line:
            if data:
                yield _item(kind, "\n".join(data))
            kind, data = "", []


def _lines(chunks: Iterable[bytes]) -> Iterator[str]:
    held = b""
    for chunk in chunks:
        *lines, held = (held + chunk).split(b"\n")
        for line in lines:
            yield line.removesuffix(b"\r").decode("utf-8", "replace")


def _item(kind: str, text: str) -> Any:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = text
    status = value.get("status") if kind == "error" and isinstance(value, dict) else None
    if isinstance(status, dict) and status.get("state") == "failed":
        raise error_from_status(status, None)
    return value
