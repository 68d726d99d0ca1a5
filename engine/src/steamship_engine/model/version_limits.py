"""What one version's workers and calls may take: the manifest's `limits`, within the operator's caps."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from steamship_engine.model.errors import InvalidManifestError
from steamship_engine.model.limits import GIB, KIB, MIB


@dataclass(frozen=True)
class VersionLimits:
    """Limits of a version. Sizes are bytes, times seconds.

    `memory` is a worker's with all processes it started, `cpu` its share in cores, `processes` and `files` how
    many it may have, `scratch` what it may write, `timeout_s` the longest call, `reply_size` the longest reply.
    An instance has at most `max_workers`. `concurrency` is how many calls a worker runs at once; None leaves it
    to the class: one, or for one with `async def` methods as many as its event loop takes.
    """

    memory: int = 1 * GIB
    cpu: float = 1
    processes: int = 64
    files: int = 1024
    scratch: int = 256 * MIB
    timeout_s: float = 600
    reply_size: int = 1 * GIB
    max_workers: int = 4
    concurrency: int | None = None


CAPS = VersionLimits(
    memory=4 * GIB,
    cpu=4,
    processes=512,
    files=4096,
    scratch=4 * GIB,
    timeout_s=600,
    reply_size=1 * GIB,
    max_workers=16,
    concurrency=100,
)
"""The most that a version gets where the operator says nothing."""

Wishes = Mapping[str, int | float]
"""What a manifest asks for, by the names of `VersionLimits`; what it leaves out is not there."""


class Unit(StrEnum):
    """What a limit's number counts."""

    BYTES = "bytes"
    CORES = "cores"
    SECONDS = "seconds"
    COUNT = "count"


@dataclass(frozen=True)
class Limit:
    """One limit: its name in `VersionLimits`, its unit, the least that anybody may say, and the most that caps may be."""

    name: str
    unit: Unit
    least: float
    most: float

    def shown(self, value: float) -> str:
        """A value for people: `2 GiB`, `0.5`."""
        return _size(int(value)) if self.unit is Unit.BYTES else f"{value:.15g}"


_MUCH = 1 << 50

LIMITS = (
    Limit("memory", Unit.BYTES, 16 * MIB, _MUCH),
    Limit("cpu", Unit.CORES, 0.01, 4096),
    Limit("processes", Unit.COUNT, 1, 1_000_000),
    Limit("files", Unit.COUNT, 32, 1_000_000),
    Limit("scratch", Unit.BYTES, 1 * MIB, _MUCH),
    # The key that a call is given ends after an hour.
    Limit("timeout_s", Unit.SECONDS, 0.001, 3600),
    Limit("reply_size", Unit.BYTES, 1 * KIB, _MUCH),
    Limit("max_workers", Unit.COUNT, 1, 10_000),
    # As `RuntimeLimits.slots`: more than that the engine sends to no worker.
    Limit("concurrency", Unit.COUNT, 1, 100),
)
"""All of them, in the order in which they are listed."""

_BY_NAME = {limit.name: limit for limit in LIMITS}
_ALIASES = {"timeout": "timeout_s"}
_UNITS = {"b": 1, "kb": 1000, "mb": 1000**2, "gb": 1000**3, "kib": KIB, "mib": MIB, "gib": GIB}
_SIZE = re.compile(r"(\d{1,18}(?:\.\d{1,9})?) ?([a-z]{1,3})?", re.ASCII | re.IGNORECASE)
_SHOWN = 40


class _UnreadableError(ValueError):
    """Why a value is no limit, as a clause: `it is a number of seconds`."""


def wishes(manifest: Mapping[str, Any] | None) -> Wishes:
    """What the manifest's `limits` ask for, checked. InvalidManifestError that names everything wrong with them."""
    problems: list[str] = []
    found = _found(manifest, problems.append)
    if problems:
        raise InvalidManifestError(
            f"steamship.json: {'; '.join(problems)}.", suggestion="Correct the named limits and deploy again."
        )
    return found


def kept_wishes(manifest: Mapping[str, Any] | None) -> Wishes:
    """As `wishes`, for the manifest of a version that exists: what cannot be read counts for nothing."""
    return _found(manifest, lambda _problem: None)


def within(asked: Wishes, caps: VersionLimits) -> VersionLimits:
    """The limits that count: what was asked for, else the default, and never more than the caps."""
    values: dict[str, Any] = {
        limit.name: _least(asked.get(limit.name, _of(_DEFAULTS, limit)), _of(caps, limit)) for limit in LIMITS
    }
    return VersionLimits(**values)


def notes(asked: Wishes, caps: VersionLimits) -> list[str]:
    """A remark for the author about each wish that the caps do not allow."""
    return [
        f'steamship.json asks for {name} "{limit.shown(asked[name])}"; this engine allows "{limit.shown(cap)}".'
        for name, limit in _BY_NAME.items()
        if name in asked and (cap := _of(caps, limit)) is not None and asked[name] > cap
    ]


def read_caps(text: str) -> VersionLimits:
    """The operator's caps from `memory=2GiB,timeout_s=60`; the others are as in `CAPS`. ValueError with the reason."""
    caps: dict[str, Any] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, equals, value = (word.strip() for word in part.partition("="))
        if name not in _BY_NAME:
            raise ValueError(f'"{name[:_SHOWN]}" is no limit: {_hint(name)}')
        if not equals or name in caps:
            raise ValueError(f'it says "{name}" once, as "{name}=VALUE"')
        limit = _BY_NAME[name]
        try:
            caps[name] = _read(limit, value if limit.unit is Unit.BYTES else _number(value), limit.most)
        except _UnreadableError as error:
            raise ValueError(f'"{name}" is "{value[:_SHOWN]}", but {error}') from None
    return replace(CAPS, **caps)


def caps_text(caps: VersionLimits) -> str:
    """Caps in the form that `read_caps` reads."""
    return ",".join(f"{limit.name}={limit.shown(_of(caps, limit)).replace(' ', '')}" for limit in LIMITS)


_DEFAULTS = VersionLimits()


def _found(manifest: Mapping[str, Any] | None, wrong: Callable[[str], None]) -> Wishes:
    """What can be read; `wrong` is told about the rest."""
    limits = (manifest or {}).get("limits")
    if limits is None:
        return {}
    if not isinstance(limits, dict):
        wrong(f'"limits" is {_text(limits)}: it is an object of names and values')
        return {}
    found: dict[str, int | float] = {}
    for name, value in limits.items():
        own = _ALIASES.get(name, name)
        if own not in _BY_NAME:
            wrong(f'"limits" has "{name[:_SHOWN]}", and there is no such limit: {_hint(name)}')
        elif own != name and own in limits:
            wrong(f'"limits" has both "{name}" and "{own}", which are one')
        elif value is not None:
            try:
                found[own] = _read(_BY_NAME[own], value, _MUCH)
            except _UnreadableError as error:
                wrong(f'"limits.{name}" is {_text(value)}: {error}')
    return found


def _read(limit: Limit, value: Any, most: float) -> int | float:
    """A limit's value; _UnreadableError with the reason."""
    if limit.unit is Unit.BYTES:
        number: int | float = _bytes(value)
    else:
        kinds = int if limit.unit is Unit.COUNT else int | float
        if isinstance(value, bool) or not isinstance(value, kinds):
            raise _UnreadableError(f"it is {_KINDS[limit.unit]}")
        number = value
    # Turned round, so that NaN, which is not less than anything, is refused.
    if not number >= limit.least:
        raise _UnreadableError(f"it must be at least {limit.shown(limit.least)}")
    if number > most:
        raise _UnreadableError(f"it must be at most {limit.shown(most)}")
    return number


_KINDS = {
    Unit.BYTES: 'a whole number of bytes, or a text such as "64 MiB" or "512MB"',
    Unit.CORES: "a number of cores",
    Unit.SECONDS: "a number of seconds",
    Unit.COUNT: "a whole number",
}


def _bytes(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    form = _SIZE.fullmatch(value) if isinstance(value, str) else None
    unit = _UNITS.get((form[2] or "b").lower()) if form is not None else None
    if form is None or unit is None:
        raise _UnreadableError(f"it is {_KINDS[Unit.BYTES]}")
    return int(float(form[1]) * unit) if "." in form[1] else int(form[1]) * unit


def _number(text: str) -> int | float | str:
    """The number that a text says, else the text."""
    try:
        return int(text) if text.isdecimal() else float(text)
    except ValueError:
        return text


def _size(count: int) -> str:
    """The size in the largest unit of which it is a whole number."""
    units = (("GiB", GIB), ("GB", 1000**3), ("MiB", MIB), ("MB", 1000**2), ("KiB", KIB), ("KB", 1000))
    for unit, each in units:
        if count and count % each == 0:
            return f"{count // each} {unit}"
    return f"{count} bytes"


def _of(caps: VersionLimits, limit: Limit) -> Any:
    return getattr(caps, limit.name)


def _least(wish: float | None, cap: float | None) -> float | None:
    return wish if wish is None or cap is None else min(wish, cap)


def _hint(name: str) -> str:
    near = difflib.get_close_matches(name.lower(), [*_BY_NAME, *_ALIASES], n=1)
    return f'did you mean "{near[0]}"?' if near else f"there are {', '.join(_BY_NAME)}"


def _text(value: Any) -> str:
    """A stranger's value in quotes, not too long."""
    return f'"{value[:_SHOWN]}"' if isinstance(value, str) else f'"{json.dumps(value)[:_SHOWN]}"'
