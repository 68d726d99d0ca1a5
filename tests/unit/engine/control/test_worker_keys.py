"""The form and the end of worker keys."""

from __future__ import annotations

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
    text = key.removeprefix(PREFIX)
    payload, mac = text[:-32], text[-32:]
    for changed in (payload[:-16] + mac, payload + "0" * 16 + mac, payload[:-8] + mac, payload[:112] + mac):
        assert verify(_ground(), PREFIX + changed) is None


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


def test_no_digit_of_it_can_be_changed() -> None:
    """A key with any digit changed, left out, doubled or written in upper case is no key."""
    digits = mint(_ground(), _target(), [new_call_id()]).removeprefix(PREFIX)
    assert set(digits) <= set("0123456789abcdef")
    assert verify(_ground(), PREFIX + digits) is not None
    for place, digit in enumerate(digits):
        before, after = digits[:place], digits[place + 1 :]
        other = "0" if digit != "0" else "1"
        for changed in (other, "", digit * 2, digit.upper()):
            if changed != digit:
                assert verify(_ground(), PREFIX + before + changed + after) is None


@pytest.mark.parametrize(
    "text", ["", "shipw_", "shipw_!!!!", "shipw_" + "A" * 117, "shipw_" + "a" * 400, "shipw_" + "é" * 160]
)
def test_other_text_is_no_key(text: str) -> None:
    """Text that is no worker key gives None, whatever it is."""
    assert verify(_ground(), text) is None
