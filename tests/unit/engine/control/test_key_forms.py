"""What keys look like, and what is kept of them."""

from __future__ import annotations

from steamship_engine.control.keys import digest_of, lookup_of, minted


def test_a_minted_key_is_found_by_its_middle() -> None:
    """The lookup id of a key of our making is the part its owner can read."""
    key = minted()
    prefix, lookup, secret = key.split("_", 2)
    assert prefix == "ship"
    assert lookup_of(key) == lookup
    assert len(secret) == 43


def test_an_operators_key_is_found_by_a_hash() -> None:
    """The lookup id of any other key shows nothing of it."""
    key = "an operator's own key of some length"
    assert lookup_of(key) not in key
    assert lookup_of(key) == lookup_of(key)
    assert lookup_of(key) != lookup_of(key + "!")


def test_no_two_keys_are_the_same() -> None:
    """Keys, lookup ids and digests differ from key to key."""
    keys = [minted() for _ in range(100)]
    assert len({lookup_of(key) for key in keys}) == 100
    assert len({digest_of(key) for key in keys}) == 100
