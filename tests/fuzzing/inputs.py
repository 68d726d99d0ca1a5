"""Parts of inputs that several targets share: damaged copies, JSON that is none, odd texts."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

PIECES = [
    b"\x00", b"\xff", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff\xff\xff\xff\xff", b"\r\n", b"\r\n\r\n", b"\xef\xbb\xbf",
    b"NaN", b"1e999", b"-0", b"9" * 5_000, b"\\ud800", b"\\u0000", b"\xed\xa0\x80", b"[" * 2_000, b'{"a":' * 2_000,
    b"%", b"%ff", b"%00", b"../", b"/", b"\\", b"--", b'"', b";", b"=", b"&",
]  # fmt: skip
_SWALLOWED = [0, 1, 2, 4, 16, 1 << 30]


@st.composite
def damaged(draw: Callable[..., Any], originals: SearchStrategy[bytes]) -> bytes:
    """A copy with some places replaced, swallowed, doubled or cut off."""
    content = draw(originals)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(content)))
        end = min(len(content), at + draw(st.sampled_from(_SWALLOWED)))
        piece = draw(st.one_of(st.binary(max_size=8), st.sampled_from(PIECES), st.just(content[at:end] * 2)))
        content = content[:at] + piece + content[end:]
    return content


def any_of(inputs: SearchStrategy[bytes], seeds: Sequence[bytes]) -> SearchStrategy[bytes]:
    """A target's own inputs, damaged ones, and damaged copies of `seeds`."""
    kinds = [inputs, damaged(inputs), st.binary(max_size=400)]
    if seeds:
        kinds += [damaged(st.sampled_from(seeds))] * 2
    return st.one_of(kinds)


texts = st.one_of(
    st.text(max_size=20),
    st.text(st.characters(), max_size=5),
    st.sampled_from(["", "\ud800", "\0", "\u2028", "é", "e\u0301", "ı", "a" * 300, "__proto__", "1e999"]),
)
"""Texts, with lone surrogates and other ones that go wrong."""

numbers = st.one_of(
    st.integers(),
    st.sampled_from([2**31, 2**63, 2**64, -(2**63) - 1, 10**400]),
    st.floats(),
)
"""Numbers of any size, and such as are none in JSON."""

values = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, texts),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(texts, inner, max_size=4)),
    max_leaves=8,
)
"""Anything that Python's JSON writes, the constants that JSON lacks too."""


def _object_text(pairs: list[tuple[str, str]]) -> str:
    return "{" + ", ".join(f"{name}: {value}" for name, value in pairs) + "}"


_names = st.sampled_from(
    ['"a"', '"a"', '"b"', '""', '"\\ud800"', '"\\udc00\\ud800"', '"\\u0000"', '"__class__"', "a", "1"]
)
_scalars = st.one_of(
    st.sampled_from(
        ["null", "true", "1", "-0.0", "NaN", "-Infinity", "1e999", "9" * 5_000, '"\\ud800"', '"\\ud83d\\ude00"', '"', "01", "'a'", ""]
    ),
    st.builds(json.dumps, numbers | texts),
)  # fmt: skip
json_texts = st.recursive(
    _scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda texts: f"[{','.join(texts)}]"),
        st.lists(st.tuples(_names, inner), max_size=3).map(_object_text),
    ),
    max_leaves=6,
).map(lambda text: text.encode("utf-8", "surrogatepass"))
"""JSON as strangers write it: names that are there twice, numbers that are none, halves of characters."""


def as_json(value: object) -> bytes:
    """The value as Python writes it, lone surrogates as escapes."""
    return json.dumps(value).encode()
