"""Moments on the wire."""

from __future__ import annotations

from datetime import UTC, datetime


def wire_time(moment: datetime) -> str:
    """ISO 8601 in UTC, whole seconds and `Z` (docs/reference/protocol.md#data-types)."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def wire_time_ms(moment: datetime) -> str:
    """The same with milliseconds, for what is shorter than a second."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def wire_time_or_none(moment: datetime | None) -> str | None:
    """As `wire_time`, where there may be none."""
    return None if moment is None else wire_time(moment)
