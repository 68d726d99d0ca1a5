"""Uploaded zips."""

from __future__ import annotations

import stat
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from steamship_engine.model.errors import InvalidBundleError, TooLargeError
from steamship_engine.model.limits import KIB, BundleLimits
from steamship_engine.runtime import zips
from tests.fuzzing.inputs import damaged
from tests.fuzzing.target import Target, check_words
from tests.fuzzing.zip_parts import End, Entry, deflated, end64, extra64, zip_of

_LIMITS = BundleLimits(
    packed=4096 * KIB, inflated=1024 * KIB, entries=100, ratio=50, ratio_floor=64 * KIB, directory=64 * KIB
)


def check(data: bytes) -> None:
    """Plain read-only files as any reader of zips sees them, in the folder alone, or a refusal that can be told."""
    with tempfile.TemporaryDirectory() as box:
        source, target = Path(box, "source.zip"), Path(box, "in", "target")
        source.write_bytes(data)
        target.mkdir(parents=True)
        refused = False
        try:
            zips.unpack(source, target, _LIMITS)
        except (InvalidBundleError, TooLargeError) as error:
            refused = True
            check_words(error.message, error.suggestion)
        written = _written(target)
        assert sum(map(len, written.values())) <= _LIMITS.inflated
        assert sorted(Path(box).iterdir()) == [target.parent, source]
        assert list(target.parent.iterdir()) == [target]
        assert source.read_bytes() == data
        if not refused:
            assert written == _contents(source)


def _written(target: Path) -> dict[str, bytes]:
    found = {}
    for path in target.rglob("*"):
        mode = path.lstat().st_mode
        assert stat.S_ISREG(mode) or stat.S_ISDIR(mode)
        if stat.S_ISREG(mode):
            assert stat.S_IMODE(mode) & ~0o666 in (0, 0o111)
            found[str(path.relative_to(target))] = path.read_bytes()
    return found


def _contents(source: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(source) as archive:
        last = {entry.filename: entry for entry in archive.infolist() if not entry.is_dir()}
        return {name: archive.read(entry) for name, entry in last.items()}


_MODES = [0, 0o100644, 0o100755, 0o40755, 0o120777, 0o20666, 0o60666, 0o10666, 0o140777, 0o104755]
_NAMES = [
    b"api.py", b"API.py", b"a/b.py", b"a/", b"a", b"../up.py", b"/etc/x", b"a/../../b", b"C:/x", b"a\\b", b"nul\0.py",
    b"a//b", b".", b"..", b"", b"./a", b"\xc3\xa9", b"e\xcc\x81", b"\xff", b"a/" * 40 + b"b", b"n" * 300, b"a\n.py",
]  # fmt: skip
_numbers = st.none() | st.sampled_from(
    [0, 1, 30, 36, 100, 0xFFFF, 0x10000, 0x7FFFFFFF, 0xFFFFFFFE, 0xFFFFFFFF]
)
_extras = st.sampled_from(
    [b"", b"", b"", b"\x01\x00", b"\x01\x00\x08\x00", b"\x01\x00\xff\xff", extra64(1, 2, 3), extra64(2**63 - 1), extra64(2**62),
     extra64(2**64 - 1, 2**64 - 1, 2**64 - 1), b"up\x05\x00\x01\x00\x00\x00\x00", b"\x99\x99\x00\x00"]
)  # fmt: skip


@st.composite
def _entries(draw: Callable[..., Any]) -> Entry:
    content = draw(
        st.binary(max_size=40) | st.sampled_from([b"\0" * 70_000, b"\0" * 2_000_000, b"PK\x05\x06" * 6])
    )
    odd = draw(st.integers(0, 3)) == 0
    method = draw(st.sampled_from([0, 8] + [12, 14, 1, 9, 99] * odd))
    return Entry(
        name=draw(st.sampled_from(_NAMES) | st.text(max_size=8).map(str.encode)),
        content=content,
        method=method,
        flags=draw(st.sampled_from([0, 0x800] + [0x1, 0x8, 0x20, 0x40, 0x2000, 0xFFFF] * odd)),
        mode=draw(st.sampled_from(_MODES)),
        extra=draw(_extras),
        size=draw(_numbers) if odd else None,
        packed=draw(_numbers) if odd else None,
        crc=draw(_numbers) if odd else None,
        offset=draw(_numbers) if odd else None,
        local_name=draw(st.none() | st.sampled_from(_NAMES)) if odd else None,
        local_extra=draw(_extras),
        raw=draw(st.none() | st.binary(max_size=20) | st.just(deflated(content) + b"more")) if odd else None,
    )


_ends = st.builds(
    End, count=_numbers.map(lambda n: n and n & 0xFFFF), size=_numbers, at=_numbers,
    comment=st.sampled_from([b"", b"c", b"PK\x05\x06", b"PK\x05\x06" + b"\0" * 18, b"c" * 0xFFFF]),
    end64=st.just(b"") | st.builds(end64, *[st.integers(0, 2**64 - 1) | st.integers(0, 300)] * 4),
    disk=st.sampled_from([0, 0, 1, 0xFFFF]),
)  # fmt: skip
_lists = st.lists(_entries(), max_size=4) | _entries().map(lambda entry: [entry, entry])
_zips = st.one_of(
    st.builds(zip_of, _lists),
    st.builds(zip_of, _lists, prefix=st.sampled_from([b"#!/bin/sh\n", b"PK\x03\x04"])),
    st.builds(
        zip_of,
        _lists,
        _ends,
        prefix=st.sampled_from([b"", b"\0" * 50]),
        cut=st.sampled_from([0, 0, 1, 22, 40]),
    ),
)
_valid = st.lists(
    st.builds(
        Entry,
        name=st.from_regex(r"\A[a-z]{1,3}(/[a-z]{1,3}){0,2}\Z").map(str.encode),
        content=st.binary(max_size=99),
    ),
    max_size=3,
)

TARGET = Target(
    "zips",
    check,
    st.one_of(_zips, damaged(st.builds(zip_of, _valid)), damaged(_zips)),
    (zips,),
    memory=24 * 1024 * KIB,
)
