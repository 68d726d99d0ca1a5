"""Which requests are plain, and what is read of them."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from steamship_engine.gateway import plain
from steamship_engine.gateway.plain import Plain
from steamship_engine.model.limits import GATEWAY

HEADERS = [(b"Host", b"localhost"), (b"Authorization", b"Bearer k"), (b"X-Request-Id", b"R-1")]


def read(verb: bytes, target: bytes, headers: Sequence[tuple[bytes, bytes]]) -> Plain | None:
    return plain.read(verb, target, [name for name, _ in headers], [value for _, value in headers])


def test_a_head_is_read() -> None:
    """Verb, path, query, place, the headers for the package, the id and the length come out of a head, whatever their names' case."""
    sent = [
        *HEADERS,
        (b"CONTENT-TYPE", b"text/plain"),
        (b"Content-Length", b"12"),
        (b"X-Package-Owner-Handle", b"alice"),
        (b"X-Package-Instance-Id", b"I-1"),
        (b"Cookie", b"a=b"),
        (b"X-Own", b"\xe9"),
    ]
    for _ in range(2):  # the second time by what it remembers of names
        found = read(b"HEAD", b"/a/b%20c?d=e?f", sent)
        assert found is not None
        assert found.place == (b"HEAD", b"/a/b%20c", b"localhost", b"Bearer k", b"alice", b"I-1")
        assert (found.verb, found.query, found.request_id, found.is_head) == ("GET", "d=e?f", "R-1", True)
        assert found.headers == (("x-request-id", "R-1"), ("content-type", "text/plain"), ("x-own", "\xe9"))
        assert found.authorization == b"Bearer k"


@pytest.mark.parametrize(
    ("verb", "target", "more"),
    [
        (b"OPTIONS", b"/a", ()),
        (b"PURGE", b"/a", ()),
        (b"GET", b"http://localhost/a", ()),
        (b"GET", b"//a", ()),
        (b"GET", b"/a#b", ()),
        (b"GET", b"*", ()),
        *((b"POST", b"/a", ((name, b"x"),)) for name, _ in HEADERS),
        *((b"POST", b"/a", ((name, b"1"), (name.title(), b"1"))) for name in (b"content-type", b"content-length", b"x-package-instance-id")),
        *((b"POST", b"/a", ((name, b"x"),)) for name in (b"Transfer-Encoding", b"EXPECT", b"upgrade", b"X-Task-Background", b"x-task-delay-ms")),
        *((b"POST", b"/a", ((b"content-length", value),)) for value in (b"", b"-1", b"+1", b"1 ", b"1_0", b"0x1", b"9" * 5_000, str(GATEWAY.small + 1).encode())),
    ],
)  # fmt: skip
def test_what_needs_thought_is_not_plain(
    verb: bytes, target: bytes, more: tuple[tuple[bytes, bytes], ...]
) -> None:
    """Odd verbs and targets, doubled fields, headers that change how a request is read, and large bodies are left to others."""
    assert read(verb, target, [*HEADERS, *more]) is None


def test_names_are_remembered_within_bounds() -> None:
    """Strangers may send any number of names; of few of them anything is kept."""
    for number in range(3_000):
        found = read(
            b"GET", b"/a", [*HEADERS, (b"x-%d" % number, b"1"), (b"x-" + b"y" * 10 * (number % 300), b"2")]
        )
        assert found is not None
        assert found.headers[1][0] == f"x-{number}"
    assert len(plain._shapes) <= 1_000
    assert all(sum(map(len, names)) <= 2_000 for names in plain._shapes)
