"""What a worker may send and what it may not, frame by frame."""

from __future__ import annotations

import struct

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tests.fuzzing.inputs import as_json, damaged, texts, values

REPLY = {"type": "reply", "id": 1, "status": 200, "headers": [["a", "b"]], "more": False, "error": None}
ERROR = {"code": "X", "message": "m", "suggestion": None, "details": None, "deliberate": False}
HEADERS = [
    REPLY,
    {**REPLY, "more": True},
    {**REPLY, "id": 2},
    {**REPLY, "status": 500, "error": ERROR},
    {"type": "body", "id": 1, "more": True},
    {"type": "body", "id": 1, "more": False},
    {"type": "withdrawn", "id": 1},
    {"type": "log", "id": 1, "level": "info", "message": "m"},
    {"type": "loaded", "slots": 1},
    {"type": "loaded"},
    {"type": "refused", "code": "Definition", "message": "m", "details": None},
    {"type": "description"},
]
"""One of each, and some that name another call."""


BODIES = st.binary(max_size=20)


def frame(header: bytes, body: bytes = b"") -> bytes:
    """A frame whose lengths are right."""
    return struct.pack(">II", len(header), len(body)) + header + body


_ids = st.sampled_from([0, 1, 2, 3, -1, 2**63, 2**64])
_changes = st.dictionaries(
    st.sampled_from(
        ["type", "id", "status", "headers", "more", "error", "slots", "took", "message", "extra"]
    ),
    _ids
    | values
    | st.sampled_from([[["a", "b\r\nc: d"]], [["x y", ""]], [["a", "€"]], [["a", "b"]] * 101, 199, 600]),
    max_size=2,
)
_headers = st.one_of(
    st.sampled_from(HEADERS).map(as_json),
    st.builds(lambda header, changes: as_json({**header, **changes}), st.sampled_from(HEADERS), _changes),
    st.builds(lambda header, text: as_json({**header, "message": text}), st.sampled_from(HEADERS), texts),
    damaged(st.sampled_from(HEADERS).map(as_json)),
    st.sampled_from(
        [b"", b"[" * 100_000, b'{"type":"loaded","type":"loaded"}', b'{"type": "\xff"}', b"null"]
    ),
)


def streams(bodies: SearchStrategy[bytes]) -> SearchStrategy[bytes]:
    """Several frames, and some with lengths that lie."""
    whole = st.builds(frame, _headers, bodies)
    lengths = st.builds(
        lambda header, body, rest: struct.pack(">II", header, body) + rest,
        st.sampled_from([0, 1, 2, 1 << 20, (1 << 20) + 1, 1 << 31, (1 << 32) - 1]),
        st.sampled_from([0, 1, 2, 1 << 20, (1 << 20) + 1, 1 << 31, (1 << 32) - 1]),
        st.binary(max_size=20),
    )
    several = st.lists(st.one_of(whole, whole, whole, lengths), max_size=5).map(b"".join)
    return st.one_of(several, damaged(several))
