"""The network that a manifest asks for, and the most that an operator allows."""

from __future__ import annotations

import json
from typing import Any

import pytest

from steamship_engine.model.errors import InvalidManifestError
from steamship_engine.model.network import DEFAULT, Network, kept_wish, notes, read_cap, wish, within


@pytest.mark.parametrize("manifest", [None, {}, {"network": None}, {"handle": "greeter"}])
def test_who_asks_for_nothing_gets_the_internet(manifest: dict[str, Any] | None) -> None:
    """A manifest without the field, or with null in it, means the internet."""
    assert wish(manifest) is kept_wish(manifest) is DEFAULT is Network.INTERNET


@pytest.mark.parametrize("network", Network)
def test_each_network_can_be_asked_for(network: Network) -> None:
    """The manifest's words are those of the enum."""
    assert wish({"network": network.value}) is kept_wish({"network": network.value}) is network


@pytest.mark.parametrize(
    "said", ["Internet", "internets", "", "lan", 1, True, ["none"], {"none": 1}, "none "]
)
def test_what_is_no_network_is_refused_by_its_value(said: object) -> None:
    """A deploy is told what stands there and what may; a version that exists counts as if it said nothing."""
    with pytest.raises(InvalidManifestError) as caught:
        wish({"network": said})
    shown = said if isinstance(said, str) else json.dumps(said)
    assert f'"network" is "{shown}"' in caught.value.message
    assert caught.value.suggestion is not None and '"none", "internet" or "host"' in caught.value.suggestion
    assert kept_wish({"network": said}) is DEFAULT


def test_a_misspelt_network_is_guessed() -> None:
    """The message says what may have been meant."""
    with pytest.raises(InvalidManifestError, match='"internet"'):
        wish({"network": "intranet"})


@pytest.mark.parametrize(
    ("asked", "cap", "counts"),
    [
        ("none", "none", "none"),
        ("none", "host", "none"),
        ("internet", "none", "none"),
        ("internet", "internet", "internet"),
        ("host", "internet", "internet"),
        ("host", "none", "none"),
        ("host", "host", "host"),
    ],
)
def test_nobody_reaches_further_than_the_operator_allows(asked: str, cap: str, counts: str) -> None:
    """The nearer of wish and cap counts, and where the cap is nearer the deploy says so."""
    assert within(Network(asked), Network(cap)) is Network(counts)
    said = notes(Network(asked), Network(cap))
    assert bool(said) is (counts != asked)
    assert all(f'"{asked}"' in note and f'"{cap}"' in note for note in said)


@pytest.mark.parametrize("text", ["none", "internet", "host", "HOST"])
def test_an_operator_names_the_cap(text: str) -> None:
    """In any case of its letters."""
    assert read_cap(text) is Network(text.lower())


@pytest.mark.parametrize("text", ["", "all", "internet,host"])
def test_an_operator_is_told_what_there_is(text: str) -> None:
    """Anything else is refused with the three words."""
    with pytest.raises(ValueError, match="none, internet, host"):
        read_cap(text)
