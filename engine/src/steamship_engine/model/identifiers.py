"""Ids, as the original clients expect them."""

from __future__ import annotations

import re
import secrets
import uuid

_ID = re.compile(r"[0-9A-F]{8}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{12}")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")


_DRAWN_AT_ONCE = 64
"""Randomness is drawn from the system for so many ids at once: each time costs more than an id."""
_ids: list[str] = []
_call_ids: list[str] = []
_VARIANT = dict(zip("0123456789ABCDEF", "89AB" * 4, strict=True))


def new_id() -> str:
    """A fresh upper-case hyphenated UUID (the original clients look ids up by an upper-case pattern)."""
    try:
        return _ids.pop()
    except IndexError:
        drawn = secrets.token_hex(16 * _DRAWN_AT_ONCE).upper()
        _ids.extend([_id(drawn[at : at + 32]) for at in range(32, len(drawn), 32)])
        return _id(drawn[:32])


def _id(digits: str) -> str:
    variant = _VARIANT[digits[16]]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"


def id_of(number: bytes) -> str:
    """The id whose 128 bits are given."""
    digits = number.hex().upper()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def derived_id(source: str, noun: str) -> str:
    """The one id that belongs to `noun` made by `source`, an id: the same again when work is repeated."""
    return str(uuid.uuid5(uuid.UUID(source), noun)).upper()


def new_call_id() -> str:
    """A fresh id for one call of a package: 16 hexadecimal digits."""
    try:
        return _call_ids.pop()
    except IndexError:
        drawn = secrets.token_hex(8 * _DRAWN_AT_ONCE)
        _call_ids.extend([drawn[at : at + 16] for at in range(16, len(drawn), 16)])
        return drawn[:16]


def is_id(text: str) -> bool:
    """Whether `text` has the form of an id."""
    return _ID.fullmatch(text) is not None


def request_id(given: str) -> str:
    """The id of a request: the one its client gave, where it is short and plain, else a fresh one."""
    return given if _REQUEST_ID.fullmatch(given) else new_id()
