"""What an answer means: a value, a task, or an error."""

from __future__ import annotations

import json
from typing import Any

from steamship.base.error import PackageReplyError, SteamshipError, UnavailableError, error_from_status
from steamship.base.transport import HttpReply

_EXCERPT = 200


def envelope(operation: str, reply: HttpReply) -> dict[str, Any]:
    """The JSON object that an operation of the API answered. Raises the error it reports."""
    content = _json_or_none(reply)
    _raise_failure(operation, reply, content)
    return _object(operation, reply, content)


def task_envelope(operation: str, reply: HttpReply, task_id: str) -> dict[str, Any]:
    """As `envelope`, but the failure of the task itself is its state and no error of the call."""
    content = _json_or_none(reply)
    status = content.get("status") if isinstance(content, dict) else None
    if not (isinstance(status, dict) and status.get("taskId") == task_id):
        _raise_failure(operation, reply, content)
    return _object(operation, reply, content)


def _object(operation: str, reply: HttpReply, content: Any) -> dict[str, Any]:
    if isinstance(content, dict):
        return content
    raise UnavailableError(
        f'"{operation}" was answered with no JSON object.',
        suggestion="Check that the API base is that of a Steamship engine.",
        request_id=reply.headers.get("x-request-id"),
    )


def raw_content(operation: str, reply: HttpReply) -> bytes:
    """The bytes that an operation answered. Raises the error it reports."""
    if not _succeeded(reply):
        _raise_failure(operation, reply, _json_or_none(reply))
    return reply.body


def package_value(method: str, reply: HttpReply) -> Any:
    """What a package's method returned: JSON as it is, text as str, else bytes, nothing as None.

    Raises the error that the package or the engine reports, in its class.
    """
    if not _succeeded(reply):
        _raise_failure(method, reply, _json_or_none(reply))
    if not reply.body and (reply.status == 204 or not reply.content_type):
        return None
    if reply.content_type == "application/json":
        try:
            return json.loads(reply.body)
        except (ValueError, RecursionError) as error:
            raise PackageReplyError(
                f'"{method}" answered with content that is called JSON and is none: {error}.',
                suggestion="Ask the package's author.",
                request_id=reply.headers.get("x-request-id"),
            ) from error
    if reply.content_type.startswith("text/"):
        return _text(reply)
    return reply.body


def _succeeded(reply: HttpReply) -> bool:
    return 200 <= reply.status < 300


def _raise_failure(what: str, reply: HttpReply, content: Any) -> None:
    status = content.get("status") if isinstance(content, dict) else None
    if isinstance(status, dict) and status.get("state") == "failed":
        raise error_from_status(status, None if _succeeded(reply) else reply.status)
    if not _succeeded(reply):
        raise _unexplained(what, reply)


def _unexplained(what: str, reply: HttpReply) -> SteamshipError:
    request_id = reply.headers.get("x-request-id")
    if 300 <= reply.status < 400:
        target = reply.headers.get("location", "")
        return SteamshipError(
            f'"{what}" was answered with a redirect to "{target}", which is not followed.',
            suggestion="A key is sent only to the address it was meant for; call that one yourself.",
            http_status=reply.status,
            request_id=request_id,
        )
    readable = reply.content_type.startswith("text/") or reply.content_type.endswith("json")
    excerpt = _text(reply).strip()[:_EXCERPT] if readable else ""
    return SteamshipError(
        f'"{what}" was answered with HTTP {reply.status}'
        + (f": {excerpt}" if excerpt else " and no reason."),
        http_status=reply.status,
        request_id=request_id,
    )


def _json_or_none(reply: HttpReply) -> Any:
    if reply.content_type != "application/json":
        return None
    try:
        return json.loads(reply.body)
    except (ValueError, RecursionError):
        return None


def _text(reply: HttpReply) -> str:
    _, _, charset = reply.headers.get("content-type", "").lower().partition("charset=")
    try:
        return reply.body.decode(charset.partition(";")[0].strip(' "') or "utf-8", "replace")
    except LookupError:
        return reply.body.decode("utf-8", "replace")
