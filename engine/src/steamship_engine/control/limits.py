"""The limits of versions: what a manifest asks for, within the caps of the engine that runs it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from steamship_engine.control import versions
from steamship_engine.control.actor import Actor
from steamship_engine.control.ground import Ground
from steamship_engine.model import version_limits
from steamship_engine.model.nouns import Version
from steamship_engine.model.states import VersionKind
from steamship_engine.model.version_limits import LIMITS, Limit, VersionLimits, Wishes

NOT_YET = "not yet"
"""How a limit is enforced that the runtime says nothing about."""


@dataclass(frozen=True)
class ShownLimit:
    """One limit as it is listed: the value that counts, what the manifest asks for, the most it may be.

    A `value` of None leaves it to the class. `enforced` says how it is on this engine.
    """

    limit: Limit
    value: float | None
    asked: float | None
    cap: float
    enforced: str


def listed(ground: Ground, actor: Actor, wanted: versions.Wanted | None) -> list[ShownLimit]:
    """All limits: of a version that the actor may see, or without one those of a manifest that asks for nothing."""
    asked: Wishes = {}
    caps = ground.caps
    if wanted is not None:
        version = versions.get(ground, actor, wanted).version
        asked, caps = version_limits.kept_wishes(version.manifest), caps_for(ground, version.kind)
    counting = version_limits.within(asked, caps)
    return [
        ShownLimit(
            limit=limit,
            value=getattr(counting, limit.name),
            asked=asked.get(limit.name),
            cap=getattr(caps, limit.name),
            enforced=ground.enforced.get(limit.name, NOT_YET),
        )
        for limit in LIMITS
    ]


def of_version(ground: Ground, version: Version) -> VersionLimits:
    """The limits that count for a version that exists."""
    return version_limits.within(version_limits.kept_wishes(version.manifest), caps_for(ground, version.kind))


def of_manifest(
    ground: Ground, kind: VersionKind, manifest: Mapping[str, Any] | None
) -> tuple[VersionLimits, list[str]]:
    """The limits that will count for a version to be made, and remarks on those that were capped.

    InvalidManifestError for limits that cannot be read.
    """
    asked, caps = version_limits.wishes(manifest), caps_for(ground, kind)
    return version_limits.within(asked, caps), version_limits.notes(asked, caps)


def caps_for(ground: Ground, kind: VersionKind) -> VersionLimits:
    """The operator's caps for code of that kind: the original SDK takes one call at a time."""
    return replace(ground.caps, concurrency=1) if kind is VersionKind.ORIGINAL else ground.caps
