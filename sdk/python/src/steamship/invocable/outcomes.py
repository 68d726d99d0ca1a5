"""What a call came to, as the worker sends it."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import Any

from steamship.base.error import SteamshipError
from steamship.base.tasks import TaskState
from steamship.invocable.encoding import encode_json, encode_text
from steamship.invocable.failures import described
from steamship.invocable.invocable_response import InvocableResponse


@dataclass(frozen=True)
class Outcome:
    """Status, header fields and body of an answer, or why there is none.

    `error` is None, or `{code, message, suggestion, details, deliberate}`; then headers and body are empty.
    """

    status: int
    headers: list[list[str]] = field(default_factory=list)
    body: bytes = b""
    error: dict[str, Any] | None = None


def outcome_of(result: Any) -> Outcome:
    """The outcome of what a method returned. Raises EncodingError for what cannot be sent."""
    if isinstance(result, str):
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
    body = response.body()
    headers = {name.lower(): str(value) for name, value in named.items()}
    if not isinstance(response.data, bytes):  # the author's own bytes may be in any encoding
        headers["content-type"] = _told(response.content_type(), body)
    return Outcome(status, [list(pair) for pair in headers.items()], body)


def _told(content_type: str, body: bytes) -> str:
    """A Content-Type; text that is more than ASCII says that it is UTF-8, for some clients assume Latin-1.

    ASCII text reads the same in both, and then the type is exactly what the original sent.
    """
    is_bare_text = content_type.startswith("text/") and "charset" not in content_type.lower()
    return f"{content_type}; charset=utf-8" if is_bare_text and not body.isascii() else content_type
