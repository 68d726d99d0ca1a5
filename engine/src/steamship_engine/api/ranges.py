"""Conditional and partial answers of stored bytes (RFC 9110, sections 13 and 14): one range at most."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


@dataclass(frozen=True)
class Part:
    """Which bytes to send, from `start` to before `end`, under which HTTP status."""

    http_status: int
    start: int
    end: int


def part(conditions: Mapping[str, str], etag: str, size: int) -> Part:
    """200 with everything, 206 with a part, 304 or 416 with nothing.

    What cannot be understood is passed over, as the RFC wants it: then everything is sent.
    """
    if _matches(conditions.get("if-none-match", ""), etag):
        return Part(304, 0, 0)
    found = _RANGE.fullmatch(conditions.get("range", "").strip())
    if found is None or found.groups() == ("", "") or conditions.get("if-range", etag).strip() != etag:
        return Part(200, 0, size)
    first, last = found.groups()
    if first == "":
        start, end = max(size - int(last), 0), size
    else:
        start, end = int(first), size if last == "" else min(int(last) + 1, size)
        if last != "" and int(last) < start:
            return Part(200, 0, size)
    if start >= end:
        return Part(416, 0, 0)
    return Part(206, start, end)


def _matches(header: str, etag: str) -> bool:
    tags = [tag.strip().removeprefix("W/") for tag in header.split(",")]
    return "*" in tags or etag in tags
