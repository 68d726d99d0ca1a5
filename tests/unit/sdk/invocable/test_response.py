"""InvocableResponse: what is said of a result beyond its value."""

from __future__ import annotations

import io
from http import HTTPStatus

import pytest

from steamship.base.error import ConflictError, SteamshipError
from steamship.base.model import CamelModel
from steamship.invocable import InvocableResponse, PackageService, post
from steamship.invocable.invocable_response import Http
from steamship.invocable.outcomes import outcome_of

TEXT = "text/plain"
JSON = "application/json"
BINARY = "application/octet-stream"


class Person(CamelModel):
    first_name: str = "Ada"


@pytest.mark.parametrize(
    ("result", "content_type", "body"),
    [
        ("é", "text/plain; charset=utf-8", "é".encode()),
        ("", TEXT, b""),
        (None, JSON, b"null"),
        (False, JSON, b"false"),
        (0, JSON, b"0"),
        ([], JSON, b"[]"),
        ({}, JSON, b"{}"),
        (Person(), JSON, b'{"firstName":"Ada"}'),
        (b"\x00\xff", BINARY, b"\x00\xff"),
        (bytearray(b"a"), BINARY, b"a"),
        (io.BytesIO(b"b"), BINARY, b"b"),
        (InvocableResponse(string="a"), TEXT, b"a"),
        (InvocableResponse(string=""), TEXT, b""),
        (InvocableResponse(string="<p>", mime_type="text/html"), "text/html", b"<p>"),
        (InvocableResponse(string="é", mime_type="text/html"), "text/html; charset=utf-8", "é".encode()),
        (InvocableResponse(string="a", mime_type="text/csv;charset=latin-1"), "text/csv;charset=latin-1", b"a"),
        (InvocableResponse(string='{"a":1}', mime_type=JSON), JSON, b'"{\\"a\\":1}"'),
        (InvocableResponse(string="<svg/>", mime_type="image/svg+xml"), "image/svg+xml", b"<svg/>"),
        (InvocableResponse(json={"a": None}), JSON, b'{"a":null}'),
        (InvocableResponse(json=None), JSON, b"null"),
        (InvocableResponse(), JSON, b"null"),
        (InvocableResponse(json=[1], mime_type="application/geo+json"), "application/geo+json", b"[1]"),
        (InvocableResponse(json="text"), JSON, b'"text"'),
        (InvocableResponse(json=Person()), JSON, b'{"firstName":"Ada"}'),
        (InvocableResponse(_bytes=b"\xff", mime_type="image/png"), "image/png", b"\xff"),
        (InvocableResponse(_bytes=b"\xe9", mime_type="text/csv"), "text/csv", b"\xe9"),
        (InvocableResponse(_bytes=io.BytesIO(b"")), BINARY, b""),
        (InvocableResponse(data=True), TEXT, b"true"),
        (InvocableResponse(data=7), TEXT, b"7"),
        (InvocableResponse(data="s"), TEXT, b"s"),
        (InvocableResponse(data={"a": 1}), BINARY, b'{"a":1}'),
        (InvocableResponse(data=b"\xff"), BINARY, b"\xff"),
    ],
)  # fmt: skip
def test_values_arrive_with_their_type(result, content_type, body):
    """Every kind of result has its Content-Type and its bytes, and status 200."""
    outcome = outcome_of(result)
    assert (outcome.status, outcome.headers, outcome.body, outcome.error) == (
        200,
        [["content-type", content_type]],
        body,
        None,
    )


def test_status_and_headers_are_the_authors():
    """`http` sets status and headers; the Content-Type is added to them."""
    response = InvocableResponse(json=1, http=Http(status=201, headers={"ETag": '"1"', "X-Count": "3"}))
    outcome = outcome_of(response)
    assert outcome.status == 201
    assert outcome.headers == [["etag", '"1"'], ["x-count", "3"], ["content-type", JSON]]


def test_a_content_type_among_the_headers_counts():
    """A Content-Type in `http` is kept, in any case of letters, unless `mime_type` says otherwise."""
    http = Http(status=HTTPStatus.CREATED, headers={"content-type": "text/csv"})
    outcome = outcome_of(InvocableResponse(string="a,b", http=http))
    assert (outcome.status, outcome.headers) == (201, [["content-type", "text/csv"]])
    assert type(outcome.status) is int
    again = InvocableResponse(string="a", http=Http(headers={"content-type": "text/csv"}), mime_type="text/x")
    assert outcome_of(again).headers == [["content-type", "text/x"]]


@pytest.mark.parametrize(
    ("response", "status", "code", "message"),
    [
        (InvocableResponse.error(404, "gone"), 404, "PackageError", "gone"),
        (InvocableResponse(error=SteamshipError("no", code="Mine")), 500, "Mine", "no"),
        (InvocableResponse.error(409, error=ConflictError("taken")), 409, "Conflict", "taken"),
        (InvocableResponse.error(500, "a", exception=ValueError("b"), prefix="P: "), 500, "PackageError", "P: a | b"),
        (InvocableResponse.from_obj(ConflictError("taken")), 409, "Conflict", "taken"),
        (InvocableResponse.from_obj(ValueError("bad")), 500, "PackageError", "bad"),
    ],
)  # fmt: skip
def test_a_failed_response_is_a_deliberate_error(response, status, code, message):
    """A response that carries an error fails the call with its code, message and status."""
    outcome = outcome_of(response)
    assert outcome.status == status
    assert outcome.body == b""
    assert outcome.error["code"] == code
    assert outcome.error["message"] == message
    assert outcome.error["deliberate"] is True


def test_the_type_parameter_is_only_said():
    """`InvocableResponse[str]` is accepted as an annotation and constructs like the plain class."""
    assert InvocableResponse[str](string="a").body() == b"a"
    assert "InvocableResponse[str]" in str(InvocableResponse[str])


def test_a_result_that_cannot_be_sent_fails_the_call(serve):
    """NaN in a result fails the call and says where it is."""

    class Package(PackageService):
        @post("nan")
        def nan(self):
            return {"a": float("nan")}

        @post("surrogate")
        def surrogate(self):
            return "\ud800"

    instance = serve(Package)
    assert 'result["a"] is not a finite number' in instance.post("nan").error["message"]
    assert instance.post("surrogate").body == "\ufffd".encode()
