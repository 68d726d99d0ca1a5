"""The manifest's `network`, checked at the desk. The engine checks it again, and caps it."""

from __future__ import annotations

import json
from difflib import get_close_matches
from typing import Any

NETWORKS = ("none", "internet", "host")


def network_problems(network: Any) -> list[str]:
    """What is wrong with a manifest's `network`, a clause; none where the engine takes it."""
    if network is None or (isinstance(network, str) and network in NETWORKS):
        return []
    shown = network[:40] if isinstance(network, str) else json.dumps(network)[:40]
    near = get_close_matches(network.lower(), NETWORKS, n=1) if isinstance(network, str) else []
    hint = f'it may be meant as "{near[0]}"' if near else f"it is one of {', '.join(NETWORKS)}"
    return [f'"network" is "{shown}": {hint}']
