"""The manifest's `limits`, checked at the desk. The engine checks them again, and caps them."""

from __future__ import annotations

import json
import re
from difflib import get_close_matches
from typing import Any

_KIB = 1024
_MIB = 1024 * _KIB
# Name, what it counts, the least, and the least in words.
_LEAST: dict[str, tuple[str, float, str]] = {
    "memory": ("size", 16 * _MIB, "16 MiB"),
    "cpu": ("number of cores", 0.01, "0.01"),
    "processes": ("whole number", 1, "1"),
    "files": ("whole number", 32, "32"),
    "scratch": ("size", _MIB, "1 MiB"),
    "timeout_s": ("number of seconds", 0.001, "0.001"),
    "reply_size": ("size", _KIB, "1 KiB"),
    "max_workers": ("whole number", 1, "1"),
    "concurrency": ("whole number", 1, "1"),
}
_ALIASES = {"timeout": "timeout_s"}
_MOST = 1 << 50
_UNITS = {"b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": _KIB, "mib": _MIB, "gib": 1024 * _MIB}
_SIZE = re.compile(r"(\d{1,18}(?:\.\d{1,9})?) ?([a-z]{1,3})?", re.ASCII | re.IGNORECASE)


def limit_problems(limits: Any) -> list[str]:
    """What is wrong with a manifest's `limits`, a clause each; none where the engine takes them."""
    if limits is None:
        return []
    if not isinstance(limits, dict):
        return [f'"limits" is {json.dumps(limits)[:60]}: it is an object of names and values']
    problems = []
    for name, value in limits.items():
        own = _ALIASES.get(name, name)
        if own not in _LEAST:
            near = get_close_matches(name.lower(), [*_LEAST, *_ALIASES], n=1)
            known = f'did you mean "{near[0]}"?' if near else f"there are {', '.join(_LEAST)}"
            problems.append(f'"limits" has "{name[:40]}", and there is no such limit: {known}')
        elif own != name and own in limits:
            problems.append(f'"limits" has both "{name}" and "{own}", which are one')
        elif value is not None and (wrong := _wrong(value, *_LEAST[own])):
            problems.append(f'"limits.{name}" is {json.dumps(value)[:60]}: {wrong}')
    return problems


def _wrong(value: Any, kind: str, least: float, least_in_words: str) -> str | None:
    """What is wrong with one value, None where nothing is."""
    number = _bytes(value) if kind == "size" else value
    kinds = int | float if kind.startswith("number") else int
    if isinstance(number, bool) or not isinstance(number, kinds):
        if kind == "size":
            return 'it is a whole number of bytes, or a text such as "64 MiB" or "512MB"'
        return f"it is a {kind}"
    if not number >= least:  # turned round for NaN
        return f"it must be at least {least_in_words}"
    return "it is too much" if number > _MOST else None


def _bytes(value: Any) -> Any:
    """The bytes that a text says; everything else as it is, and a text that says none as well."""
    form = _SIZE.fullmatch(value) if isinstance(value, str) else None
    if form is None:
        return value
    each = _UNITS.get((form[2] or "b").lower())
    if each is None:
        return value
    return int(float(form[1]) * each) if "." in form[1] else int(form[1]) * each
