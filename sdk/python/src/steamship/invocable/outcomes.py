"""What a call came to, as the worker sends it."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Generator, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from steamship.base.call_scope import CallScope
from steamship.base.error import SteamshipError
from steamship.base.tasks import TaskState
from steamship.invocable.encoding import encode_json, encode_text
from steamship.invocable.failures import described
from steamship.invocable.framing import Chunks, Events, Framing, preferred
from steamship.invocable.invocable_response import InvocableResponse


@dataclass(slots=True)
class Outcome:
    """Status, header fields and body of an answer, or why there is none.

    `error` is None, or `{code, message, suggestion, details, deliberate}`; then headers and body are empty.
    With `parts` the body comes as an iterator of bytes instead, from `acall` as an async one. Whoever reads it
    closes it in the end, with `close` or `aclose`. One that raises has ended early: the exception's `details`
    are for the log, and the answer is complete all the same if the exception is `complete`.
    """

    status: int
    headers: list[list[str]] = field(default_factory=list)
    body: bytes = b""
    error: dict[str, Any] | None = None
    parts: Any = None


class Streamed(NamedTuple):
    """A result that is made while it is sent."""

    source: Iterator[Any] | AsyncIterator[Any]
    framing: Framing
    told: Outcome

    def outcome(self, parts: Any, first: Any) -> Outcome:
        """The outcome with these parts, of which text says that it is UTF-8."""
        headers = self.told.headers
        if isinstance(first, str) and isinstance(self.framing, Chunks):
            headers = [[name, _utf8(value) if name == "content-type" else value] for name, value in headers]
        return replace(self.told, headers=headers, parts=parts)


def streamed(result: Any, scope: CallScope) -> Streamed | None:
    """A generator's result, or a response with an iterator for its data; None for anything else."""
    if isinstance(result, (Generator, AsyncIterator)):
        framing = preferred(scope.accept)
        headers = [["content-type", framing.content_type]]
        if isinstance(framing, Events):
            headers.append(["cache-control", "no-cache"])
        return Streamed(result, framing, Outcome(200, headers))
    if isinstance(result, InvocableResponse) and isinstance(result.data, (Iterator, AsyncIterator)):
        told = _of_response(result)
        return None if told.error is not None else Streamed(result.data, Chunks(result.content_type()), told)
    return None


def outcome_of(result: Any) -> Outcome:
    """The outcome of what a method returned. Raises EncodingError for what cannot be sent."""
    if isinstance(result, str):
        if result.isascii():
            return Outcome(200, [["content-type", "text/plain"]], result.encode())
        text = encode_text(result)
        return Outcome(200, [["content-type", _told("text/plain", text)]], text)
    if isinstance(result, (InvocableResponse, BaseException, bytes, bytearray, memoryview, io.BytesIO)):
        return _of_response(InvocableResponse.from_obj(result))
    return Outcome(200, [["content-type", "application/json"]], encode_json(result))


def _of_response(response: InvocableResponse[Any]) -> Outcome:
    http = response.http
    status = 200 if http is None or http.status is None else int(http.status)
    told = response.status
    if told is not None and told.state == TaskState.failed:
        error = SteamshipError(
            told.status_message or "The package failed.",
            suggestion=told.status_suggestion,
            code=told.status_code,
        )
        return Outcome(status if status >= 400 else 500, error=described(error, deliberate=True))
    named = {} if http is None or http.headers is None else http.headers
    body = b"" if isinstance(response.data, (Iterator, AsyncIterator)) else response.body()
    headers = {name.lower(): str(value) for name, value in named.items()}
    if not isinstance(response.data, bytes):  # the author's own bytes may be in any encoding
        headers["content-type"] = _told(response.content_type(), body)
    return Outcome(status, [list(pair) for pair in headers.items()], body)


def _told(content_type: str, body: bytes) -> str:
    """A Content-Type; text that is more than ASCII says that it is UTF-8, for some clients assume Latin-1.

    ASCII text reads the same in both, and then the type is exactly what the original sent.
    """
    return content_type if body.isascii() else _utf8(content_type)


def _utf8(content_type: str) -> str:
    """The type of text that is UTF-8 and does not say so."""
    is_bare_text = content_type.startswith("text/") and "charset" not in content_type.lower()
    return f"{content_type}; charset=utf-8" if is_bare_text else content_type
