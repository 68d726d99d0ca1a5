"""Heads that repeat: what is taken for the last request again is what the HTTP parser would read of it."""

from __future__ import annotations

import httptools
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from steamship_engine.gateway import plain
from steamship_engine.gateway.plain import Plain
from steamship_engine.gateway.repeats import Repeat
from steamship_engine.model.limits import GATEWAY

FIRST = (
    b"POST /@alice/space/bot/greet?a=1 HTTP/1.1\r\nHost: localhost\r\nauthorization: Bearer alice-key\r\n"
    b"X-Request-Id:R-1\r\ntraceparent: \t 00-aa-bb-01\r\nCookie: a=b\r\nX-Own: one\r\nContent-Length: 3\r\n\r\nabc"
)


class Parsed:
    """What the parser reads of some bytes."""

    def __init__(self, data: bytes) -> None:
        self.target, self.body = b"", b""
        self.names: list[bytes] = []
        self.values: list[bytes] = []
        self.messages = 0
        self.complete = False
        self.parser = httptools.HttpRequestParser(self)
        self.parser.feed_data(data)
        assert self.messages == 1

    def on_message_begin(self) -> None:
        self.messages += 1

    def on_url(self, target: bytes) -> None:
        self.target += target

    def on_header(self, name: bytes, value: bytes) -> None:
        self.names.append(name)
        self.values.append(value)

    def on_headers_complete(self) -> None:
        self.keep_alive = self.parser.should_keep_alive()
        self.version = self.parser.get_http_version()
        self.verb = self.parser.get_method()

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        self.complete = True

    @property
    def head(self) -> Plain | None:
        return plain.read(self.verb, self.target, self.names, self.values)


def repeat(data: bytes = FIRST) -> Repeat:
    """The first request, as it is kept."""
    parsed = Parsed(data)
    assert parsed.head is not None
    kept = Repeat.of(data, parsed.head, parsed.names, parsed.values)
    assert kept is not None
    return kept


def test_the_same_again_is_known() -> None:
    """Byte for byte the same head is the same head."""
    assert repeat().again(FIRST) == (Parsed(FIRST).head, b"abc", 0)


def test_values_that_pass_may_change() -> None:
    """Another id, trace, own header and length are read; they may change in any request, alone and together."""
    kept = repeat()
    for id_, trace, own, body in (
        (b"R-2", b"00-aa-cc-01", b"one", b"abc"),
        (b"R-2", b"00-aa-dd-01", b"two three", b"abcdef"),
        (b"R-1", b"00-aa-bb-01", b"one", b""),
    ):
        data = FIRST.replace(b"R-1", id_).replace(b"00-aa-bb-01", trace).replace(b"one", own)
        data = data[:-3].replace(b"Length: 3", b"Length: %d" % len(body)) + body
        found = kept.again(data)
        assert found == (Parsed(data).head, body, 0)
        assert found[0].request_id == id_.decode()


@pytest.mark.parametrize("value", [b"", b"a\tb", b"\xe9"], ids=["none", "tab", "latin-1"])
def test_a_value_that_the_parser_has_read_comes_again(value: bytes) -> None:
    """A first value that is not plain is known when it comes back after another one."""
    first = FIRST.replace(b"X-Own: one", b"X-Own:" + value)
    kept = repeat(first)
    for data in (first, FIRST.replace(b"X-Own: one", b"X-Own:two"), first):
        assert kept.again(data) == (Parsed(data).head, b"abc", 0)


@pytest.mark.parametrize("line", [b"", b"X-Request-Id: no id\r\n"], ids=["none", "odd"])
def test_requests_without_an_id_have_one_each(line: bytes) -> None:
    """Where a client names no id, or none that is kept, no two of its requests share one, whatever else changes in them."""
    first = FIRST.replace(b"X-Request-Id:R-1\r\n", line)
    parsed = Parsed(first)
    assert parsed.head is not None
    kept = Repeat.of(first, parsed.head, parsed.names, parsed.values)
    assert kept is not None
    seen = {parsed.head.request_id}
    for data in (first, first, first.replace(b"one", b"two"), first.replace(b"one", b"two"), first):
        found = kept.again(data)
        assert found is not None
        again = Parsed(data).head
        assert again is not None
        assert replace(found[0], request_id="") == replace(again, request_id="")
        seen.add(found[0].request_id)
    assert len(seen) == 6


def test_a_body_may_still_be_coming() -> None:
    """Many clients send a head by itself: what is missing is told."""
    assert repeat().again(FIRST[:-3]) == (Parsed(FIRST).head, b"", 3)
    assert repeat().again(FIRST[:-1]) == (Parsed(FIRST).head, b"ab", 1)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"POST", b"PUT"),
        (b"greet", b"grab"),
        (b"a=1", b"a=2"),
        (b"HTTP/1.1", b"HTTP/1.0"),
        (b"localhost", b"localhosT"),
        (b"alice-key", b"alice-kez"),
        (b"a=b", b"a=c"),
        (b"X-Own", b"X-own"),
        (b"X-Own: one", b"X-Own: one\r\nX-Own: two"),
        (b"X-Own: one", b"X-Own: one\nHost: evil"),
        (b"X-Own: one", b"X-Own: one\rHost: evil"),
        (b"X-Own: one", b"X-Own: one\x00"),
        (b"X-Own: one", b"X-Own: \xe9"),
        (b"X-Own: one", b"X-Own: one "),
        (b"X-Own: one", b"X-Own: "),
        (b"X-Own: one", b"X-Own : one"),
        (b"X-Own: one", b"Transfer-Encoding: chunked"),
        (b"X-Own: one\r\n", b""),
        (b"Length: 3", b"Length: -3"),
        (b"Length: 3", b"Length: 3, 3"),
        (b"Length: 3", b"Length: 0x3"),
        (b"Length: 3", b"Length: %d" % (GATEWAY.small + 1)),
        (b"Length: 3", b"Length: " + b"9" * 5_000),
        (b"\r\n\r\nabc", b"\r\n\r\nabcPOST /"),
        (b"\r\n\r\nabc", b"\r\nabc"),
        (b"POST /@", b"\r\nPOST /@"),
    ],
)
def test_everything_else_is_the_parser_s(old: bytes, new: bytes) -> None:
    """What decides about a request, or is not quite plain, is not known by having seen one like it."""
    assert old in FIRST
    assert repeat().again(FIRST.replace(old, new)) is None


@pytest.mark.parametrize(
    "data",
    [
        FIRST.replace(b"X-Own: one", b"X-Own: one\r\n two"),
        FIRST.replace(b"X-Own: one", b"X-Task-Background: true"),
        b"\r\n" + FIRST,
    ],
    ids=["folded", "odd", "after an empty line"],
)
def test_what_is_not_as_it_was_read_is_not_kept(data: bytes) -> None:
    """A head is kept only where its lines are what the parser made of them."""
    parsed = Parsed(FIRST)
    assert parsed.head is not None
    assert Repeat.of(data, parsed.head, parsed.names, parsed.values) is None


@st.composite
def like_the_first(draw: st.DrawFn) -> bytes:
    """The first request with a few bytes taken out, put in or changed."""
    data = bytearray(FIRST)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        part = draw(
            st.sampled_from(
                [
                    b"",
                    b"\r\n",
                    b"\n",
                    b" ",
                    b"\t",
                    b":",
                    b"0",
                    b"X",
                    b",",
                    b"\x00",
                    b"\xff",
                    b"/",
                    b"Host: a\r\n",
                ]
            )
        )
        data[at : at + draw(st.integers(0, 3))] = part
    return bytes(data)  # fmt: skip


@given(st.lists(like_the_first(), min_size=1, max_size=3))
def test_whatever_comes_is_read_as_the_parser_reads_it(requests: list[bytes]) -> None:
    """Of a request that is like the first one in some way, what is known of it is what the parser says."""
    kept = repeat()
    for data in requests:
        found = kept.again(data)
        if found is None:
            continue
        head, body, missing = found
        parsed = Parsed(data)
        assert parsed.head is not None
        # An odd id is replaced by a fresh one, another each time.
        own = (
            head.request_id
            if dict(head.headers)["x-request-id"] != head.request_id
            else parsed.head.request_id
        )
        assert replace(parsed.head, request_id=own) == head
        assert (parsed.keep_alive, parsed.version, parsed.body) == (True, "1.1", body)
        assert parsed.complete is (missing == 0)
