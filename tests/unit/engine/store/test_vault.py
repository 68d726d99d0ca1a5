"""Secrets at rest."""

from __future__ import annotations

import pytest

from steamship_engine.model.errors import UnavailableError
from steamship_engine.store.vault import SecretKeyError, Vault

SECRET = "a secret of more than thirty-two characters"


def test_what_was_sealed_opens_in_its_place() -> None:
    """A sealed value opens where it was sealed for, also in another vault with the same secret."""
    sealed = Vault(SECRET).seal(b"canary", "instances:1:config")
    assert Vault(SECRET).open(sealed, "instances:1:config") == b"canary"
    assert b"canary" not in sealed


def test_sealing_twice_gives_different_bytes() -> None:
    """Equal secrets cannot be told from what is stored."""
    vault = Vault(SECRET)
    assert vault.seal(b"canary", "p") != vault.seal(b"canary", "p")


def test_a_value_moved_elsewhere_does_not_open() -> None:
    """A sealed value copied to another row is refused."""
    vault = Vault(SECRET)
    with pytest.raises(UnavailableError, match='"instances:2:config"'):
        vault.open(vault.seal(b"canary", "instances:1:config"), "instances:2:config")


def test_another_secret_is_named_as_the_cause() -> None:
    """A vault with another secret says so by the key id, and what to do."""
    with pytest.raises(UnavailableError, match="another secret key"):
        Vault(SECRET + "!").open(Vault(SECRET).seal(b"canary", "p"), "p")


@pytest.mark.parametrize("cut", [0, 1, 9, 20, 30])
def test_damage_is_found(cut: int) -> None:
    """A value cut short or with one bit changed does not open."""
    vault = Vault(SECRET)
    sealed = vault.seal(b"canary", "p")
    with pytest.raises(UnavailableError):
        vault.open(sealed[:cut], "p")
    changed = bytearray(sealed)
    changed[cut] ^= 1
    with pytest.raises(UnavailableError):
        vault.open(bytes(changed), "p")


def test_a_short_secret_is_refused() -> None:
    """A secret of fewer than 32 characters makes no vault."""
    with pytest.raises(SecretKeyError):
        Vault("short")
