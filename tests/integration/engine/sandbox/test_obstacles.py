"""What an operator reads where the machine has no namespaces for ordinary users."""

from __future__ import annotations

import os

import pytest

from steamship_engine.runtime.launcher import namespaces

SETTINGS = {
    "kernel/apparmor_restrict_unprivileged_userns": ("1", "0"),
    "kernel/unprivileged_userns_clone": ("0", "1"),
    "user/max_user_namespaces": ("0", "63000"),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_the_setting_that_forbids_it_is_named(tmp_path, monkeypatch, name):
    """Each of the three is told with its value, as `sysctl` has it; root needs none of them."""
    monkeypatch.setattr(os, "getuid", lambda: 1000)
    for path, (_, harmless) in SETTINGS.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(f"{harmless}\n")
    assert namespaces.obstacle(str(tmp_path)) is None
    refusing = SETTINGS[name][0]
    (tmp_path / name).write_text(f"{refusing}\n")
    told = namespaces.obstacle(str(tmp_path))
    assert told == f'the setting "{name.replace("/", ".")}" of this machine is {refusing}'
    monkeypatch.setattr(os, "getuid", lambda: 0)
    assert namespaces.obstacle(str(tmp_path)) is None
