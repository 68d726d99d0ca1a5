"""A call's arguments, in the worker. An input is `VERB content-type`, a line of query, and the body."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from steamship_engine.runtime.child import arguments, multipart
from tests.fuzzing.inputs import as_json, damaged, json_texts, texts, values
from tests.fuzzing.target import Target, check_words

_TYPES = ["application/json", "", "text/plain; charset=latin-1", "application/vnd.x+json", "image/png"]
_FORM = "application/x-www-form-urlencoded"
_DISPOSITIONS = [
    'name="a"', 'name=a', 'name="a\\"b"', 'name=""', "", 'name="a"; filename="x"', "name=\"a\"; filename*=UTF-8''x",
    'name="a', 'NAME = "a" ; ; filename=', 'name="\ud7ff"',
]  # fmt: skip
_LINE_ENDS = [b"\r\n", b"\r\n", b"\r\n", b"\n", b"", b"\r\n\r\n"]


def check(data: bytes) -> None:
    """Arguments with which a method can be called, or a refusal that can be told."""
    head, _, rest = data.partition(b"\n")
    query, _, body = rest.partition(b"\n")
    verb, _, content_type = head.decode("latin-1").partition(" ")
    headers = [["Content-Type", content_type]] if content_type else []
    for files_as_text in (False, True):
        try:
            found, untyped = arguments.decode(
                verb, query.decode("latin-1"), headers, body, files_as_text=files_as_text
            )
        except arguments.BadRequest as error:
            check_words(error.message, error.suggestion)
            continue
        assert untyped <= found.keys()
        assert all(isinstance(found[name], str | bytes) for name in untyped)
        sendable = {name: value for name, value in found.items() if not isinstance(value, bytes)}
        assert len(sendable) == len(found) or not files_as_text
        json.dumps(sendable, ensure_ascii=False, allow_nan=False).encode()


def _input(verb: str, content_type: str, query: bytes, body: bytes) -> bytes:
    return f"{verb} {content_type}\n".encode("latin-1", "replace") + query.replace(b"\n", b"") + b"\n" + body


def _quoted(pairs: list[tuple[str, str]]) -> bytes:
    return "&".join(f"{name}={value}" for name, value in pairs).encode("utf-8", "surrogatepass")


@st.composite
def _multipart(draw: Callable[..., Any]) -> bytes:
    boundary = draw(st.sampled_from(["x", "-", "frontier", '"a b"', "é", "", "b" * 201]))
    bare = boundary.strip('"').encode()
    body = b""
    for _ in range(draw(st.integers(0, 4))):
        ends = st.sampled_from(_LINE_ENDS)
        disposition = draw(st.sampled_from(_DISPOSITIONS)).encode()
        body += b"--" + bare + draw(ends)
        body += draw(st.sampled_from([b"Content-Disposition: form-data; ", b"content-disposition:", b"X: "]))
        body += disposition + draw(ends) + draw(ends) + draw(st.binary(max_size=10)) + draw(ends)
    body += b"--" + bare + draw(st.sampled_from([b"--\r\n", b"--", b"\r\n", b""]))
    return _input("POST", f"multipart/form-data; boundary={boundary}", b"", body)


_pairs = st.lists(st.tuples(texts, texts), max_size=4)
_inputs = st.one_of(
    st.builds(
        _input,
        st.sampled_from(["POST", "GET", "PUT", ""]),
        st.sampled_from(_TYPES),
        st.builds(_quoted, _pairs),
        st.one_of(
            json_texts,
            st.builds(as_json, values),
            damaged(st.builds(as_json, st.dictionaries(texts, values, max_size=4))),
        ),
    ),
    st.builds(
        _input, st.just("POST"), st.just(_FORM), st.builds(_quoted, _pairs), st.builds(_quoted, _pairs)
    ),
    _multipart(),
)

TARGET = Target("arguments", check, _inputs, (arguments, multipart))
