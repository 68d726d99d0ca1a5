"""Zips as they should not be: every field of every record can be set to something else."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

_T = TypeVar("_T")

STORED, DEFLATED = 0, 8


@dataclass(frozen=True)
class Entry:
    """One entry; what is None is what it should be. `local_*` stand before the content only."""

    name: bytes = b"api.py"
    content: bytes = b"x = 1\n"
    method: int = STORED
    flags: int = 0
    mode: int = 0
    extra: bytes = b""
    size: int | None = None
    packed: int | None = None
    crc: int | None = None
    offset: int | None = None
    local_name: bytes | None = None
    local_extra: bytes = b""
    raw: bytes | None = None


@dataclass(frozen=True)
class End:
    """The end of the table; what is None is what it should be. `end64` is put before it as it stands."""

    count: int | None = None
    size: int | None = None
    at: int | None = None
    comment: bytes = b""
    end64: bytes = b""
    disk: int = 0


def zip_of(entries: Sequence[Entry], end: End = End(), prefix: bytes = b"", cut: int = 0) -> bytes:
    """The zip's bytes, after `prefix`, which its offsets do not count, and without the last `cut`."""
    out, table = b"", b""
    for entry in entries:
        raw = _packed(entry) if entry.raw is None else entry.raw
        sizes = (
            _or(entry.crc, zlib.crc32(entry.content)),
            _or(entry.packed, len(raw)),
            _or(entry.size, len(entry.content)),
        )
        offset = _or(entry.offset, len(out))
        local_name = _or(entry.local_name, entry.name)
        fields = (20, entry.flags, entry.method, 0, 33, *sizes)
        out += struct.pack("<4s5H3L2H", b"PK\x03\x04", *fields, len(local_name), len(entry.local_extra))
        out += local_name + entry.local_extra + raw
        table += struct.pack(
            "<4s6H3L5H2L", b"PK\x01\x02", 0x031E, *fields, len(entry.name), len(entry.extra), 0, 0, 0,
            entry.mode << 16, offset,
        )  # fmt: skip
        table += entry.name + entry.extra
    at = len(out)
    count = _or(end.count, len(entries))
    record = struct.pack(
        "<4s4H2LH", b"PK\x05\x06", end.disk, end.disk, count, count, _or(end.size, len(table)),
        _or(end.at, at), len(end.comment),
    )  # fmt: skip
    whole = prefix + out + table + end.end64 + record + end.comment
    return whole[: len(whole) - cut]


def end64(count: int, size: int, at: int, record_at: int) -> bytes:
    """The end record for large zips, and its locator."""
    record = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, size, at)
    return record + struct.pack("<4sLQL", b"PK\x06\x07", 0, record_at, 1)


def extra64(*fields: int) -> bytes:
    """The extra field with the sizes and the offset that 32 bits do not hold."""
    return struct.pack(f"<2H{len(fields)}Q", 1, 8 * len(fields), *fields)


def deflated(content: bytes) -> bytes:
    """The content as an entry has it."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(content) + packer.flush()


def _packed(entry: Entry) -> bytes:
    return deflated(entry.content) if entry.method == DEFLATED else entry.content


def _or(value: _T | None, usual: _T) -> _T:
    return usual if value is None else value
