"""An original's reply as an answer over HTTP."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from steamship_engine.runtime.child.original_replies import Answer, WrongReply, no_handler, read


class SteamshipError(Exception):
    """As the SDK's: it has a message of its own."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class OwnError(SteamshipError):
    """An author's own kind."""


def _read(reply: Any, *raised: BaseException) -> Answer:
    return read(reply, "POST", "/paint", list(raised), "/data/bundles/abc")


def _succeeded(data: Any, content_type: str | None, status: int = 200, **http: Any) -> dict[str, Any]:
    headers = {} if content_type is None else {"Content-Type": content_type}
    return {
        "data": data,
        "status": {"state": "succeeded", "statusMessage": None},
        "http": {"status": status, "headers": headers, "base64Wrapped": None, **http},
    }


def _failed(message: Any, status: int = 500, **more: Any) -> dict[str, Any]:
    return {
        "data": None,
        "status": {"state": "failed", "statusMessage": message, **more},
        "http": {"status": status, "headers": {"Content-Type": "application/octet-stream"}},
    }


@pytest.mark.parametrize(
    ("data", "sent", "content_type", "body"),
    [
        ("naïve", "text/plain", "text/plain; charset=utf-8", "naïve"),
        ("<p>", "text/html", "text/html; charset=utf-8", "<p>"),
        ("<p>", "text/html; charset=UTF-8", "text/html; charset=UTF-8", "<p>"),
        ({"aB": [1, None]}, "application/json", "application/json", '{"aB":[1,null]}'),
        ({"status": "text"}, "application/json", "application/json", '{"status":"text"}'),
        (True, "application/json", "application/json", "true"),
        ("text", "application/json", "application/json", '"text"'),
        (3, "text/plain", "text/plain; charset=utf-8", "3"),
        (True, "text/plain", "text/plain; charset=utf-8", "true"),
        ("<svg>", "image/svg+xml", "image/svg+xml", "<svg>"),
        ({"a": 1}, "application/octet-stream", "application/octet-stream", '{"a":1}'),
        ({"a": 1}, None, "application/octet-stream", '{"a":1}'),
    ],
)
def test_data_becomes_the_body(data: Any, sent: str | None, content_type: str, body: str) -> None:
    """JSON is bare, text is text, and anything else that is no text is JSON."""
    answer = _read(_succeeded(data, sent))
    assert (answer.status, answer.error) == (200, None)
    assert answer.headers == [["Content-Type", content_type]]
    assert answer.body.decode() == body


def test_wrapped_bytes_are_unwrapped() -> None:
    """Base64 becomes the bytes, under exactly the type given, text types too."""
    content = bytes(range(256))
    for content_type in ("image/png", "text/plain"):
        reply = _succeeded(base64.b64encode(content).decode(), content_type, base64Wrapped=True)
        answer = _read(reply)
        assert answer.body == content
        assert answer.headers == [["Content-Type", content_type]]


def test_status_and_headers_are_the_replys() -> None:
    """The HTTP status and every header pass."""
    reply = _succeeded("x", "text/csv; charset=latin1", status=201)
    reply["http"]["headers"]["X-Mine"] = 3
    answer = _read(reply)
    assert answer.status == 201
    assert answer.headers == [["Content-Type", "text/csv; charset=latin1"], ["X-Mine", "3"]]


@pytest.mark.parametrize(
    ("reply", "status", "code"),
    [
        (_failed("No handler for POST /paint available.", 404), 404, "NotFound"),
        (_failed("Bad colour.", 422), 422, "InvalidRequest"),
        (_failed("Broken.", 500), 500, "PackageError"),
        (_failed("Closed.", 500, statusCode="Closed", statusSuggestion="Come later."), 500, "Closed"),
        (_failed("Broken.", 99), 500, "PackageError"),
    ],
)
def test_failures_keep_status_code_and_words(reply: dict[str, Any], status: int, code: str) -> None:
    """What the reply says of its failure is copied; where it has no code, ours for its HTTP status."""
    answer = _read(reply)
    assert answer.error is not None
    assert (answer.status, answer.error["code"]) == (status, code)
    assert answer.error["message"] == reply["status"]["statusMessage"]
    assert answer.error["suggestion"] == reply["status"].get("statusSuggestion")


def test_failures_do_not_tell_where_the_bundle_lies() -> None:
    """A traceback in a message names files as they are in the bundle."""
    answer = _read(_failed('File "/data/bundles/abc/api.py", line 1'))
    assert answer.error is not None
    assert answer.error["message"] == 'File "api.py", line 1'


PREFIXED = "[ERROR - POST /paint] Not today."


@pytest.mark.parametrize(
    ("message", "raised", "deliberate"),
    [
        (PREFIXED, OwnError(PREFIXED), True),
        (PREFIXED, SteamshipError(PREFIXED), True),
        (PREFIXED, ValueError("Not today."), False),
        (PREFIXED, SteamshipError("another"), False),
        ("Not today.", SteamshipError("Not today."), False),
    ],
)
def test_a_methods_steamship_error_is_deliberate(
    message: str, raised: BaseException, deliberate: bool
) -> None:
    """One that a method raised counts; other exceptions, and the SDK's own before the method, do not."""
    answer = _read(_failed(message), raised)
    assert answer.error is not None
    assert answer.error["deliberate"] is deliberate


@pytest.mark.parametrize("reply", [None, "text", ["list"]])
def test_what_is_no_object_is_no_reply(reply: Any) -> None:
    """A handler must reply an object."""
    with pytest.raises(WrongReply):
        _read(reply)


def test_broken_base64_is_no_reply() -> None:
    """Bytes that cannot be unwrapped are refused, not guessed."""
    with pytest.raises(WrongReply):
        _read(_succeeded("no base64!", "image/png", base64Wrapped=True))


def test_numbers_that_are_no_json_are_refused() -> None:
    """NaN has no JSON."""
    with pytest.raises(ValueError, match="not JSON compliant"):
        _read(_succeeded({"a": float("nan")}, "application/json"))


def test_an_unknown_verb_is_answered_like_an_unknown_route() -> None:
    """The SDK knows GET and POST alone."""
    answer = no_handler("PUT", "/paint")
    assert (answer.status, answer.error and answer.error["message"]) == (
        404,
        "No handler for PUT /paint available.",
    )


def test_answers_are_json_to_their_end() -> None:
    """Text that is no ASCII stays readable."""
    assert json.loads(_read(_succeeded({"a": "☃"}, "application/json")).body) == {"a": "☃"}
