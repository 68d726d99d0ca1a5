"""A call's arguments out of its query and body, defensively: a bad request is a 400 that says why."""

import json
import math
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl

from . import multipart

FIELDS = 1_000
_JSON = ("", "application/json", "text/plain", "text/json")
_FORM = "application/x-www-form-urlencoded"
_MULTIPART = "multipart/form-data"
_BODILESS = ("GET", "HEAD")


class BadRequest(Exception):
    """The arguments cannot be read; the message says why, the suggestion what to send."""

    def __init__(self, message: str, suggestion: str) -> None:
        super().__init__(message)
        self.message = message
        self.suggestion = suggestion


def decode(
    verb: str, query: str, headers: Sequence[Sequence[str]], body: bytes, *, files_as_text: bool = False
) -> tuple[dict[str, Any], set[str]]:
    """Arguments by name, and the names whose values came as text, or as a file's bytes, and are to be coerced.

    Blank values are kept, the last of repeated names counts, and the body wins over the query. The body of
    a GET is not read. With `files_as_text` a file must be UTF-8, and counts as its text.
    """
    texts: dict[str, str | bytes] = dict(_query(query, "query")) if query else {}
    if verb in _BODILESS or not body:
        return dict(texts), set(texts)
    content_type = _content_type(headers)
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type == _FORM:
        texts.update(_query(_text(body), "form"))
    elif media_type == _MULTIPART:
        texts.update(_multipart(content_type, body, files_as_text))
    elif media_type in _JSON or media_type.endswith("+json"):
        values = _json_object(body)
        return ({**texts, **values}, texts.keys() - values.keys()) if texts else (values, set())
    else:
        raise BadRequest(
            f'A body of type "{media_type[:100]}" cannot be read as arguments.',
            "Send a JSON object, a form or multipart/form-data.",
        )
    return dict(texts), set(texts)


def _content_type(headers: Sequence[Sequence[str]]) -> str:
    for name, value in headers:
        if name.lower() == "content-type":
            return value
    return ""


def _query(text: str, what: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=FIELDS)
    except UnicodeDecodeError:
        raise BadRequest(f"The {what} is not UTF-8.", "Percent-encode it as UTF-8.") from None
    except ValueError:
        raise BadRequest(f"The {what} has more than {FIELDS} fields.", "Send fewer.") from None


def _multipart(content_type: str, body: bytes, files_as_text: bool) -> "list[tuple[str, str | bytes]]":
    try:
        return multipart.fields(content_type, body, files_as_text)
    except multipart.Malformed as error:
        raise BadRequest(f"The multipart body cannot be read: {error}.", "Send well-formed parts.") from None


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadRequest(
            f"The body is not UTF-8: byte 0x{body[error.start]:02x} at position {error.start}.",
            "Send the body as UTF-8.",
        ) from None


def _json_object(body: bytes) -> dict[str, Any]:
    text = _text(body).removeprefix("\ufeff")
    if not text or text.isspace():
        return {}
    try:
        value = _decoded(text)
        if "\\u" in text:
            _refuse_surrogates(value)
    except RecursionError:
        raise _no_json("it is nested too deeply") from None
    except ValueError as error:
        raise _no_json(str(error)) from None
    if not isinstance(value, dict):
        kinds = {list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
        raise BadRequest(
            f"The body is {kinds.get(type(value), 'a number')}, not a JSON object.",
            'Send the arguments by name: {"name": value}.',
        )
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                shown = key[:100].encode("utf-8", "replace").decode()
                raise ValueError(f'the key "{shown}" is there twice')
            seen.add(key)
    return found


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f'the number "{text[:40]}" is too large')
    return number


_decoder = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_no_constant, parse_float=_finite)
_decode, _scan = _decoder.decode, _decoder.scan_once  # type: ignore[attr-defined]  # the stubs leave it out


def _decoded(text: str) -> Any:
    """The value of a text that is JSON from its first character on, which mostly needs no search for blanks."""
    try:
        value, end = _scan(text, 0)
    except StopIteration:
        return _decode(text)
    return _decode(text) if text[end:].strip(" \t\n\r") else value


def _refuse_surrogates(value: Any) -> None:
    """Half of a surrogate pair is no character: it could be stored and sent nowhere."""
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError("it has half of a surrogate pair") from None


def _no_json(reason: str) -> BadRequest:
    return BadRequest(f"The body is not JSON: {reason.rstrip('.')}.", "Correct the body.")
