"""What a worker sends, as the engine reads it: lengths, then headers."""

from __future__ import annotations

import msgspec
from hypothesis import strategies as st

from steamship_engine.model.errors import PackageReplyError
from steamship_engine.model.limits import RUNTIME
from steamship_engine.runtime import frames
from tests.fuzzing.frame_parts import streams
from tests.fuzzing.inputs import as_json, values
from tests.fuzzing.target import Target, check_words


def check(data: bytes) -> None:
    """Frames that say exactly what was sent, up to the first wrong one, which is a typed error."""
    at = 0
    try:
        while len(data) - at >= frames.LENGTHS.size:
            header_size, body_size = frames.lengths(data, at, RUNTIME)
            assert header_size + body_size <= RUNTIME.frame_header + RUNTIME.frame_body
            at += frames.LENGTHS.size
            if len(data) - at < header_size + body_size:
                return
            header = frames.decode(data[at : at + header_size])
            assert isinstance(header, frames.FromWorker)
            assert frames.decode(msgspec.json.encode(header)) == header
            at += header_size
            _check_description(data[at : at + body_size])
            at += body_size
    except PackageReplyError as error:
        check_words(error.message, error.suggestion)


def _check_description(body: bytes) -> None:
    try:
        described = frames.decode_description(body)
    except PackageReplyError as error:
        check_words(error.message, error.suggestion)
        return
    assert frames.decode_description(msgspec.json.encode(described)) == described


_descriptions = st.fixed_dictionaries(
    {
        "spec": st.dictionaries(st.text(), values, max_size=2),
        "configTemplate": st.just({}),
        "schemas": st.just({}),
        "needsInit": st.booleans() | values,
    }
).map(as_json)

TARGET = Target("engine_frames", check, streams(_descriptions), (frames,))
