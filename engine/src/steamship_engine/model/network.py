"""How far a version's workers reach: the manifest's `network`, within what the operator allows."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from steamship_engine.model.errors import InvalidManifestError

_SHOWN = 40


class Network(StrEnum):
    """What a worker reaches beside the engine, the nearest first.

    `none`: nothing. `internet`: public addresses, by HTTP and HTTPS through the engine's proxy. `host`: whatever the
    machine reaches, the services of the machine itself among it.
    """

    NONE = "none"
    INTERNET = "internet"
    HOST = "host"


DEFAULT = Network.INTERNET
"""What counts for a manifest that says nothing, and the most that a version gets where the operator says nothing."""

_ORDER = tuple(Network)


def wish(manifest: Mapping[str, Any] | None) -> Network:
    """What the manifest asks for. InvalidManifestError for what is no network."""
    said = (manifest or {}).get("network")
    found = _read(said)
    if found is None:
        shown = said[:_SHOWN] if isinstance(said, str) else json.dumps(said)[:_SHOWN]
        raise InvalidManifestError(
            f'steamship.json: "network" is "{shown}": {_hint(said)}.',
            suggestion='Write "none", "internet" or "host", or leave it out, and deploy again.',
        )
    return found


def kept_wish(manifest: Mapping[str, Any] | None) -> Network:
    """As `wish`, for the manifest of a version that exists: what cannot be read counts for nothing."""
    return _read((manifest or {}).get("network")) or DEFAULT


def within(asked: Network, cap: Network) -> Network:
    """The one that counts: what was asked for, and never more than the operator allows."""
    return min(asked, cap, key=_ORDER.index)


def notes(asked: Network, cap: Network) -> list[str]:
    """A remark for the author where the operator does not allow what was asked for."""
    if within(asked, cap) is asked:
        return []
    return [f'steamship.json asks for network "{asked}"; this engine allows "{cap}".']


def read_cap(text: str) -> Network:
    """The operator's word for the most that versions get. ValueError with the reason."""
    found = _read(text.lower())
    if found is None:
        raise ValueError("it is one of none, internet, host")
    return found


def _read(said: Any) -> Network | None:
    if said is None:
        return DEFAULT
    return Network(said) if isinstance(said, str) and said in set(Network) else None


def _hint(said: Any) -> str:
    near = difflib.get_close_matches(said.lower(), list(Network), n=1) if isinstance(said, str) else []
    return f'it may be meant as "{near[0]}"' if near else f"it is one of {', '.join(Network)}"
