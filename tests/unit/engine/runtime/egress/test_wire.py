"""What is passed on of a message's head, and what is for the proxy alone."""

from __future__ import annotations

import pytest

from steamship_engine.runtime.egress.refusal import RefusalError
from steamship_engine.runtime.egress.wire import frame, passed_on


@pytest.mark.parametrize(
    "name",
    [
        *("Connection", "Keep-Alive", "Proxy-Authorization", "Proxy-Connection", "Proxy-Authenticate", "TE"),
        *("Trailer", "Transfer-Encoding", "Upgrade", "Expect", "Content-Length"),
    ],
)
def test_fields_of_the_hop_stay(name: str) -> None:
    """In any case of their letters; a key for the proxy never travels further."""
    assert passed_on([(name.encode(), b"x"), (name.upper().encode(), b"y"), (b"Accept", b"z")]) == [
        (b"accept", b"z")
    ]


def test_fields_that_connection_names_stay() -> None:
    """Whatever the client calls its own hop's; a session of its own, with keys and cookies, passes."""
    headers = [
        (b"Connection", b"close, X-Mine"),
        (b"X-Mine", b"1"),
        (b"Authorization", b"a"),
        (b"Cookie", b"c"),
    ]
    assert passed_on(headers) == [(b"authorization", b"a"), (b"cookie", b"c")]


def test_one_length_is_kept() -> None:
    """The body is framed as the client framed it."""
    assert frame([(b"accept", b"x"), (b"content-length", b"5")]) == [(b"content-length", b"5")]
    assert frame([(b"transfer-encoding", b"chunked")]) == [(b"transfer-encoding", b"chunked")]
    assert frame([(b"accept", b"x")]) == []


def test_two_lengths_are_refused() -> None:
    """Whoever reads the other one would see two requests."""
    with pytest.raises(RefusalError) as caught:
        frame([(b"content-length", b"5"), (b"transfer-encoding", b"chunked")])
    assert caught.value.status == 400
