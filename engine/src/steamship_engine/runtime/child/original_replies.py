"""What an original package's handler replied, as an answer over HTTP (docs/reference/protocol.md#the-reply)."""

import base64
import binascii
import json
from typing import Any, NamedTuple

from .loading import without_folders

BINARY = "application/octet-stream"


class Answer(NamedTuple):
    """An outcome in the terms of the serving contract, and beside it the reply's `data`."""

    status: int
    headers: list[list[str]]
    body: bytes
    error: dict[str, Any] | None
    data: Any = None


class WrongReply(ValueError):
    """The handler replied what is no reply."""


def read(reply: Any, verb: str, path: str, raised: list[BaseException], code: str) -> Answer:
    """The answer that a reply stands for. `raised` are the exceptions that the SDK caught on the way."""
    if not isinstance(reply, dict):
        raise WrongReply(f"the handler replied {type(reply).__name__}, not an object")
    status, http = reply.get("status"), reply.get("http")
    status = status if isinstance(status, dict) else {}
    http = http if isinstance(http, dict) else {}
    if status.get("state") == "failed":
        return _failed(status, http, verb, path, raised, code)
    data = reply.get("data")
    given = http.get("headers") or {}
    if not isinstance(given, dict):
        raise WrongReply(f"the handler replied headers in a {type(given).__name__}, not in an object")
    headers = {str(name): str(value) for name, value in given.items()}
    name = next((name for name in headers if name.lower() == "content-type"), "Content-Type")
    content_type = headers.setdefault(name, BINARY)
    if _is_text(content_type) and not http.get("base64Wrapped"):
        # Clients take text without a charset for Latin-1.
        headers[name] = f"{content_type}; charset=utf-8"
    pairs = [[name, value] for name, value in headers.items()]
    return Answer(_http_status(http, 200), pairs, _body(data, http, content_type), None, data)


def no_handler(verb: str, path: str) -> Answer:
    """The answer for a verb that the SDK does not know, in the SDK's words for a route that is not there."""
    return _error(404, "NotFound", f"No handler for {verb} {path} available.", None, deliberate=False)


def _body(data: Any, http: dict[str, Any], content_type: str) -> bytes:
    if http.get("base64Wrapped"):
        try:
            return base64.b64decode(data or "", validate=True)
        except (TypeError, ValueError, binascii.Error) as error:
            raise WrongReply(f"the handler's reply is no base64: {error}") from error
    media_type = content_type.partition(";")[0].strip().lower()
    if isinstance(data, str) and media_type != "application/json":
        return data.encode("utf-8", "replace")
    try:
        text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError) as error:
        raise WrongReply(f"the handler's reply is no JSON: {error}") from error
    return text.encode("utf-8", "replace")


def _is_text(content_type: str) -> bool:
    """Whether it is a type of text that does not say its charset."""
    return content_type.strip().lower().startswith("text/") and "charset" not in content_type.lower()


def _failed(
    status: dict[str, Any],
    http: dict[str, Any],
    verb: str,
    path: str,
    raised: list[BaseException],
    code: str,
) -> Answer:
    told = status.get("statusMessage")
    message = str(told) if told else "The package failed without a message."
    suggestion = status.get("statusSuggestion")
    number = _http_status(http, 500)
    return _error(
        number,
        str(status.get("statusCode") or _code(number)),
        without_folders(message, code),
        None if suggestion is None else str(suggestion),
        deliberate=_deliberate(told, verb, path, raised),
    )


def _error(status: int, code: str, message: str, suggestion: str | None, *, deliberate: bool) -> Answer:
    error = {
        "code": code,
        "message": message,
        "suggestion": suggestion,
        "details": None,
        "deliberate": deliberate,
    }
    return Answer(status, [], b"", error)


def _code(status: int) -> str:
    if status == 404:
        return "NotFound"
    return "InvalidRequest" if 400 <= status < 500 else "PackageError"


def _http_status(http: dict[str, Any], default: int) -> int:
    status = http.get("status")
    if isinstance(status, int) and not isinstance(status, bool) and 200 <= status <= 599:
        return int(status)
    return default


def _deliberate(told: Any, verb: str, path: str, raised: list[BaseException]) -> bool:
    """Whether the failure is a SteamshipError that a method raised: the SDK puts the call before its message.

    One that the SDK raises itself, for code that it cannot import, has no such beginning.
    """
    if not isinstance(told, str) or not told.startswith(f"[ERROR - {verb} {path}] "):
        return False
    return any(
        getattr(error, "message", None) == told
        and "SteamshipError" in {c.__name__ for c in type(error).__mro__}
        for error in raised
    )
