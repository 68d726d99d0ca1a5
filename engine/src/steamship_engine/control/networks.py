"""The network of versions: what a manifest asks for, within what the operator allows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from steamship_engine.control.ground import Ground
from steamship_engine.model import network
from steamship_engine.model.network import Network
from steamship_engine.model.nouns import Version


def of_version(ground: Ground, version: Version) -> Network:
    """The network that counts for a version that exists."""
    return network.within(network.kept_wish(version.manifest), ground.network)


def of_manifest(ground: Ground, manifest: Mapping[str, Any] | None) -> tuple[Network, list[str]]:
    """The network that will count for a version to be made, and a remark where it was capped.

    InvalidManifestError for one that cannot be read.
    """
    asked = network.wish(manifest)
    return network.within(asked, ground.network), network.notes(asked, ground.network)
