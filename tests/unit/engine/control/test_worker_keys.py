"""The form and the end of worker keys."""

from __future__ import annotations

import base64
import time
from types import SimpleNamespace
from typing import Any

import pytest

from steamship_engine.control.worker_keys import PREFIX, Claim, mint, verify
from steamship_engine.model.identifiers import new_call_id, new_id


def _ground(boot_secret: bytes = b"boot" * 8) -> Any:
    return SimpleNamespace(boot_secret=boot_secret)


def _target() -> Any:
    spec = SimpleNamespace(instance_id=new_id(), workspace_id=new_id())
    return SimpleNamespace(spec=spec, owner_id=new_id())


def test_a_key_says_whose_worker_holds_it() -> None:
    """Instance, workspace and user come back out of a key."""
    target = _target()
    claim = verify(_ground(), mint(_ground(), target))
    assert claim == Claim(target.spec.instance_id, target.spec.workspace_id, target.owner_id)


def test_a_key_says_which_calls_it_is_for() -> None:
    """The calls come out in their order, and none can be cut off or put in."""
    calls = tuple(new_call_id() for _ in range(9))
    key = mint(_ground(), _target(), calls)
    claim = verify(_ground(), key)
    assert claim is not None
    assert claim.calls == calls
    whole = base64.urlsafe_b64decode(key.removeprefix(PREFIX) + "==")
    payload, mac = whole[:-32], whole[-32:]
    for changed in (payload[:-8] + mac, payload + bytes(8) + mac, payload[:-4] + mac, payload[:56] + mac):
        assert verify(_ground(), PREFIX + base64.urlsafe_b64encode(changed).decode().rstrip("=")) is None


@pytest.mark.parametrize("length", [1, 32, 64])
def test_a_secret_of_any_length_signs(length: int) -> None:
    """What signs a key and what checks it agree, however long the boot secret is."""
    ground, target = _ground(b"s" * length), _target()
    for calls in ((), (new_call_id(),)):
        claim = verify(ground, mint(ground, target, calls))
        assert claim is not None
        assert claim.calls == calls


def test_another_boot_refuses_it() -> None:
    """A key ends with the engine that minted it."""
    assert verify(_ground(b"other" * 8), mint(_ground(), _target())) is None


def test_it_ends_within_the_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key opens nothing an hour later, however long it was wished for."""
    key = mint(_ground(), _target(), lifetime_s=10**6)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 3590)
    assert verify(_ground(), key) is not None
    monkeypatch.setattr(time, "time", lambda: now + 3601)
    assert verify(_ground(), key) is None


def test_no_bit_of_it_can_be_changed() -> None:
    """A key with any bit changed is no key."""
    key = mint(_ground(), _target(), [new_call_id()])
    text = key.removeprefix(PREFIX)
    whole = bytearray(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    for place in range(len(whole)):
        whole[place] ^= 1
        changed = PREFIX + base64.urlsafe_b64encode(whole).decode().rstrip("=")
        assert verify(_ground(), changed) is None
        whole[place] ^= 1


@pytest.mark.parametrize("text", ["", "shipw_", "shipw_!!!!", "shipw_" + "A" * 117, "shipw_" + "A" * 400])
def test_other_text_is_no_key(text: str) -> None:
    """Text that is no worker key gives None, whatever it is."""
    assert verify(_ground(), text) is None
