"""Versions: immutable code of a package."""

from __future__ import annotations

from steamship_engine.model.limits import RUNTIME
from steamship_engine.model.nouns import Version


def timeout_of(version: Version) -> float:
    """The seconds that one call of the version may take, from its manifest's `limits.timeout`."""
    limits = (version.manifest or {}).get("limits")
    wanted = limits.get("timeout") if isinstance(limits, dict) else None
    if isinstance(wanted, int | float) and not isinstance(wanted, bool) and 0 < wanted <= RUNTIME.call:
        return float(wanted)
    return RUNTIME.call
