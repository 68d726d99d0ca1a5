"""Ids, as the original clients expect them."""

from __future__ import annotations

import re
import secrets
import uuid

_ID = re.compile(r"[0-9A-F]{8}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{12}")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")


def new_id() -> str:
    """A fresh upper-case hyphenated UUID (the original clients look ids up by an upper-case pattern)."""
    return str(uuid.uuid4()).upper()


def derived_id(source: str, noun: str) -> str:
    """The one id that belongs to `noun` made by `source`, an id: the same again when work is repeated."""
    return str(uuid.uuid5(uuid.UUID(source), noun)).upper()


def new_call_id() -> str:
    """A fresh id for one call of a package: 16 hexadecimal digits."""
    return secrets.token_hex(8)


def is_id(text: str) -> bool:
    """Whether `text` has the form of an id."""
    return _ID.fullmatch(text) is not None


def request_id(given: str) -> str:
    """The id of a request: the one its client gave, where it is short and plain, else a fresh one."""
    return given if _REQUEST_ID.fullmatch(given) else new_id()
