"""A call's arguments out of query and body."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steamship_engine.runtime.child.arguments import BadRequest, decode

JSON = [["content-type", "application/json"]]
FORM = [["Content-Type", "application/x-www-form-urlencoded"]]


def _multipart(*parts: bytes, boundary: bytes = b"frontier") -> bytes:
    return b"".join(b"--%b\r\n%b\r\n" % (boundary, part) for part in parts) + b"--%b--\r\n" % boundary


MULTIPART = [["content-type", 'multipart/form-data; boundary="frontier"']]


def test_a_query_gives_texts():
    """A GET's arguments come from its query, as text that is to be coerced; plus and %20 are spaces."""
    assert decode("GET", "a=1&b=x+y%20z", [], b"") == ({"a": "1", "b": "x y z"}, {"a", "b"})


def test_blanks_are_kept_and_the_last_one_counts():
    """A blank value is an empty string, and of repeated names the last one counts."""
    assert decode("GET", "a=&b=1&b=2", [], b"")[0] == {"a": "", "b": "2"}


def test_the_body_of_a_get_is_not_read():
    """Whatever comes in a GET's body is ignored."""
    assert decode("GET", "a=1", JSON, b"{broken") == ({"a": "1"}, {"a"})


def test_a_json_object_gives_values():
    """A POST's JSON object gives arguments with their types."""
    assert decode("POST", "", JSON, b'{"a": 1, "b": [true, null]}') == ({"a": 1, "b": [True, None]}, set())


def test_query_and_body_are_merged():
    """The query's arguments are there too; the body wins, and what it gives is not to be coerced."""
    values, untyped = decode("POST", "a=1&b=2", JSON, b'{"b": 3}')
    assert values == {"a": "1", "b": 3}
    assert untyped == {"a"}


@pytest.mark.parametrize("body", [b"", b"  ", b"{}", b"\xef\xbb\xbf{}"])
def test_an_empty_body_has_no_arguments(body):
    """No body, blanks, an empty object and a byte order mark all mean no arguments."""
    assert decode("POST", "", JSON, body) == ({}, set())


@pytest.mark.parametrize(
    "body", [b'{"a": 1}\n', b' {"a": 1}', b'\r\n\t{"a": 1}\t \r\n', b'\xef\xbb\xbf{"a": 1} ']
)
def test_blanks_around_json_are_nothing(body):
    """As many clients send it: with a line's end, or before it; any other character is an error."""
    assert decode("POST", "", JSON, body) == ({"a": 1}, set())
    with pytest.raises(BadRequest, match="Extra data"):
        decode("POST", "", JSON, body + b"\x0b")


@pytest.mark.parametrize(
    "content_type", ["", "text/plain;charset=UTF-8", "application/vnd.x+json", "APPLICATION/JSON"]
)
def test_json_goes_by_several_types(content_type):
    """Plain text and nothing at all are read as JSON, as +json types are."""
    assert decode("POST", "", [["content-type", content_type]], b'{"a": 1}')[0] == {"a": 1}


def test_a_form_gives_texts():
    """A form's fields are texts, merged over the query."""
    assert decode("POST", "a=1", FORM, b"a=2&b=") == ({"a": "2", "b": ""}, {"a", "b"})


PHOTO = (
    b'Content-Disposition: form-data; name="photo"; filename="photo"\r\n'
    b"Content-Type: multipart/form-data\r\n\r\nline\r\n\r\n--front\r\n"
)


def test_multipart_fields_give_texts_and_files_their_bytes():
    """Fields of a multipart body are texts by name, files the bytes in them, line ends kept."""
    body = _multipart(
        b'Content-Disposition: form-data; name="caption"\r\n\r\na \xe2\x82\xac',
        PHOTO,
        b'content-disposition: form-data; name="a\\"b"\r\n\r\n',
        b"Content-Disposition: form-data; name=\"b\"; filename*=UTF-8''x.bin\r\n\r\n\xff\x00",
    )
    values, untyped = decode("POST", "", MULTIPART, body)
    assert values == {"caption": "a €", "photo": b"line\r\n\r\n--front\r\n", 'a"b': "", "b": b"\xff\x00"}
    assert untyped == set(values)


def test_files_may_be_asked_for_as_text():
    """A package that knows no files gets a file's text; one that is none is refused."""
    values, _ = decode("POST", "", MULTIPART, _multipart(PHOTO), files_as_text=True)
    assert values == {"photo": "line\r\n\r\n--front\r\n"}
    binary = _multipart(b'Content-Disposition: form-data; name="b"; filename="b"\r\n\r\n\xff')
    with pytest.raises(BadRequest, match='"b" is not UTF-8'):
        decode("POST", "", MULTIPART, binary, files_as_text=True)


@pytest.mark.parametrize(
    ("headers", "body", "reason"),
    [
        (JSON, b"{", "not JSON"),
        (JSON, b'{"a": \xff}', "not UTF-8: byte 0xff at position 6"),
        (JSON, b'{"a": NaN}', "NaN is no JSON number"),
        (JSON, b'{"a": -Infinity}', "-Infinity is no JSON number"),
        (JSON, b'{"a": 1, "a": 2}', 'the key "a" is there twice'),
        (JSON, b'{"b": {"a": 1, "a": 2}}', "twice"),
        (JSON, b"[1]", "an array"),
        (JSON, b'"a"', "a string"),
        (JSON, b"1", "a number"),
        (JSON, b"true", "a boolean"),
        (JSON, b"null", "null"),
        (JSON, b'{"a": "\\ud800"}', "surrogate"),
        (JSON, b'{"\\udc00": 1}', "surrogate"),
        (JSON, b'{"a":' * 100_000, "nested too deeply"),
        (JSON, b"[" * 100_000 + b"]" * 100_000, "nested too deeply"),
        (JSON, b'{"a": ' + b"9" * 5_000 + b"}", "not JSON"),
        (FORM, b"a=%ff", "form is not UTF-8"),
        (FORM, b"a=\xff", "not UTF-8"),
        (FORM, b"&".join(b"a%d=1" % n for n in range(1_001)), "more than 1000 fields"),
        ([["content-type", "image/png"]], b"\x89PNG", '"image/png"'),
        ([["content-type", "multipart/form-data"]], b"--x--", "no boundary"),
        (MULTIPART, b"--frontier\r\n", "closing boundary"),
        (MULTIPART, _multipart(b"Content-Type: text/plain\r\n\r\nx"), "no name"),
        (MULTIPART, _multipart(b'Content-Disposition: form-data; name="a"'), "no end of headers"),
        (MULTIPART, _multipart(b'Content-Disposition: form-data; name="a"\r\n\r\n\xff'), '"a" is not UTF-8'),
        (MULTIPART, _multipart(*[b'Content-Disposition: form-data; name="a"\r\n\r\n'] * 1_001), "1000 parts"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_with_the_reason(headers, body, reason):
    """A body that cannot become arguments is a bad request that says why."""
    with pytest.raises(BadRequest) as refused:
        decode("POST", "", headers, body)
    assert reason in refused.value.message
    assert refused.value.suggestion


def test_a_broken_query_is_refused():
    """A query that is not UTF-8 is a bad request."""
    with pytest.raises(BadRequest, match="query is not UTF-8"):
        decode("GET", "a=%ff", [], b"")


def test_a_proper_surrogate_pair_is_a_character():
    """An escaped pair is the character that it stands for."""
    assert decode("POST", "", JSON, b'{"a": "\\ud83d\\ude00"}')[0] == {"a": "😀"}


@given(st.binary(max_size=300), st.sampled_from([JSON, FORM, MULTIPART, []]), st.text(max_size=50))
def test_any_body_is_read_or_refused(body, headers, query):
    """No bytes make the decoder fail in another way than by refusing them."""
    try:
        values, untyped = decode("POST", query, headers, body)
    except BadRequest:
        return
    assert untyped <= values.keys()


@given(st.dictionaries(st.text(), st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text()))
def test_json_arguments_arrive_unchanged(values):
    """What JSON can say arrives as it was sent."""
    sent = {key: value for key, value in values.items() if _is_text(key) and _is_text(value)}
    assert decode("POST", "", JSON, json.dumps(sent).encode())[0] == sent


@given(
    st.dictionaries(st.text(st.characters(codec="utf-8"), min_size=1), st.text(st.characters(codec="utf-8")))
)
def test_multipart_fields_arrive_unchanged(values):
    """Any text comes through a multipart field, whatever its name."""
    named = {key: value for key, value in values.items() if not set(key) & set('\r\n"\\')}
    parts = [
        b'Content-Disposition: form-data; name="%b"\r\n\r\n%b' % (key.encode(), value.encode())
        for key, value in named.items()
    ]
    assert decode("POST", "", MULTIPART, _multipart(*parts) if parts else b"")[0] == named


def _is_text(value: object) -> bool:
    return not isinstance(value, str) or value.encode("utf-8", "ignore").decode() == value
