"""`ship deploy` refuses the network that an engine would refuse, before anything is uploaded."""

from __future__ import annotations

from typing import Any

import pytest

from steamship.base.error import InvalidManifestError
from steamship.cli.manifest_network import NETWORKS, network_problems
from steamship.cli.project import check_manifest
from steamship_engine.model.errors import InvalidManifestError as EngineRefusal
from steamship_engine.model.network import Network, wish

VALUES: list[Any] = [
    *NETWORKS,
    None,
    "",
    "None",
    "intranet",
    "lan",
    " host",
    "x" * 100,
    1,
    0,
    True,
    False,
    1.5,
    [],
    ["host"],
    {},
]


def _engine_says(value: Any) -> list[str]:
    try:
        wish({"network": value})
    except EngineRefusal as refusal:
        return [refusal.message]
    return []


def test_both_know_the_same_networks() -> None:
    """The words are the engine's."""
    assert tuple(Network) == NETWORKS


@pytest.mark.parametrize("value", VALUES)
def test_both_agree_on_every_value(value: Any) -> None:
    """What is wrong is told in the engine's words, and nothing else is wrong."""
    assert [f"steamship.json: {problem}." for problem in network_problems(value)] == _engine_says(value)


def test_a_manifest_with_a_wrong_network_is_refused() -> None:
    """Beside whatever else is wrong with it."""
    with pytest.raises(InvalidManifestError, match='"network" is "lan"'):
        check_manifest({"handle": "greeter", "version": "1.0.0", "network": "lan"})
