"""The network of versions: what a manifest asks for, within what the operator allows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from steamship_engine.control.addresses import Addresses
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


def addresses_for(ground: Ground, network: Network | None) -> Addresses:
    """The engine's addresses for a worker with that network, or for a user, who has none.

    Where TLS ends before the engine, nobody knows whose connection it was. A worker that may reach the engine alone
    must be known, so it has plain addresses, which lead from its own network to the engine itself.
    """
    if network is Network.NONE and ground.sandbox.isolates:
        return ground.addresses.by_http
    return ground.addresses
