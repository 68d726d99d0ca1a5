"""Frames as the engine reads and writes them."""

from __future__ import annotations

import json
import socket
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steamship_engine.model.errors import PackageReplyError
from steamship_engine.model.limits import RUNTIME
from steamship_engine.runtime import frames
from steamship_engine.runtime.child.frames import Channel, Closed

REPLY = {"type": "reply", "id": 1, "status": 200, "headers": [["a", "b"]], "more": False, "error": None}


def _header(**changes: object) -> bytes:
    return json.dumps({**REPLY, **changes}).encode()


def test_a_call_reaches_the_child_as_it_was_sent():
    """What the engine encodes is what the child's side reads, headers and body."""
    call = frames.Call(
        id=7, verb="POST", path="/ä", query="a=1", headers=(("x", "y"),), key="k", request_id="R", more=False
    )
    ours, theirs = socket.socketpair()
    with ours:
        ours.sendall(frames.encode(call, b"\x00\xff"))
        channel = Channel(theirs.detach())
        header, body = channel.receive()
        assert header == ["call", 7, "POST", "/ä", "a=1", [["x", "y"]], "k", "R", False]
        assert body == b"\x00\xff"
        ours.close()
        with pytest.raises(Closed):
            channel.receive()
        channel.close()


def test_a_description_without_an_instance_says_nothing_of_one():
    """A load frame's `instance` is null when the class is only to be described, and so is what is left to it."""
    content = frames.encode(frames.Load(code="/c", kind="native"))
    absent = {"handler": None, "concurrency": None, "instance": None}
    assert json.loads(content[8:]) == {"type": "load", "code": "/c", "kind": "native", **absent}


def test_a_good_reply_is_read():
    """A reply's header is read into its fields."""
    reply = frames.decode(_header())
    assert isinstance(reply, frames.Replied)
    assert reply.headers == (("a", "b"),)


@pytest.mark.parametrize(
    "header",
    [
        b"", b"{", b"[]", b"null", b'"reply"', b"\xff", b"{}", b'{"type": "hello"}', b'{"type": "call"}',
        b"[" * 100_000, b'{"type": "loaded", "more": 1}',
        _header(status=99), _header(status=600), _header(status="200"), _header(status=True),
        _header(id="1"), _header(id=1.5), _header(more=0),
        _header(headers=[["a"]]), _header(headers=[["a", 1]]), _header(headers=[["a b", "c"]]),
        _header(headers=[["a", "b\r\nset-cookie: c"]]), _header(headers=[["a", "b\x00"]]),
        _header(headers=[["a", "€"]]), _header(headers=[["", "b"]]), _header(headers=[["a", "b"]] * 101),
        _header(error="no"), _header(error={"code": "X"}), _header(extra=1),
        b'{"type": "log", "id": 1, "level": "info", "message": "\\ud800"}',
    ],
)  # fmt: skip
def test_a_wrong_header_is_a_wrong_reply(header):
    """Whatever is not exactly a header that a worker may send raises the typed error."""
    with pytest.raises(PackageReplyError):
        frames.decode(header)


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b'{"spec": 1}', b"[" * 100_000, b'{"spec": {}, "configTemplate": {"a": 1}}'],
)
def test_a_wrong_description_is_a_wrong_reply(body):
    """A description that lacks a part or has another shape raises the typed error."""
    with pytest.raises(PackageReplyError):
        frames.decode_description(body)


@pytest.mark.parametrize(
    "sizes", [(RUNTIME.frame_header + 1, 0), (2, RUNTIME.frame_body + 1), (2**32 - 1, 2**32 - 1)]
)
def test_lengths_are_refused_before_anything_is_read(sizes):
    """A frame that says it is too large is refused by its first eight bytes."""
    with pytest.raises(PackageReplyError):
        frames.lengths(struct.pack(">II", *sizes), 0, RUNTIME)


@given(st.binary(max_size=200))
def test_any_header_is_read_or_refused(header):
    """No bytes make the decoder fail in another way than by the typed error."""
    try:
        header_read = frames.decode(header)
    except PackageReplyError:
        return
    assert isinstance(header_read, frames.FromWorker)


@given(
    st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists, max_leaves=5)
)
def test_any_json_in_a_reply_is_read_or_refused(value):
    """Any value in any field of a reply is read or refused by the typed error."""
    for field in REPLY:
        try:
            frames.decode(json.dumps({**REPLY, field: value}).encode())
        except PackageReplyError:
            continue


def test_frames_are_read_however_they_are_cut():
    """Frames that arrive in one piece, or byte by byte, are the same frames."""
    sent = [({"type": "take", "id": 1}, b""), ({"type": "body", "id": 2, "more": True}, b"x" * 300)]
    content = b"".join(
        frames.LENGTHS.pack(len(h), len(b)) + h + b for h, b in ((json.dumps(h).encode(), b) for h, b in sent)
    )
    for size in (1, 7, len(content)):
        ours, theirs = socket.socketpair()
        channel = Channel(theirs.detach())
        with ours:
            found = []
            for start in range(0, len(content), size):
                ours.sendall(content[start : start + size])
                found += channel.arrived(wait=False)
        assert found == sent
        with pytest.raises(Closed):
            channel.receive()
        channel.close()
