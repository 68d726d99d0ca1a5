"""In which modes, and as whom, the engine is run by these tests."""

from __future__ import annotations

import os
from dataclasses import dataclass

from steamship_engine.settings import SETTINGS

ROOT, USER = "root", "user"
_HAS_SANDBOX = any(setting.name == "sandbox" for setting in SETTINGS)


@dataclass(frozen=True)
class Column:
    """A mode, and whether the engine runs as root or as an ordinary user."""

    mode: str
    user: str

    def __str__(self) -> str:
        return f"{self.mode}/{self.user}"

    @property
    def flags(self) -> dict[str, object]:
        """What `ship serve` is given, with two users whose packages do not trust each other."""
        insecure = {"insecure_no_sandbox": True} if self.mode in ("landlock", "none") else {}
        return {**insecure, **({"sandbox": self.mode} if _HAS_SANDBOX else {})}


# An ordinary user has control groups only where somebody gave them some.
_BY_MODE = {"full": (ROOT,), "no-cgroup": (ROOT, USER), "landlock": (ROOT, USER), "none": (ROOT, USER)}

COLUMNS = tuple(
    Column(mode, user)
    for mode, users in _BY_MODE.items()
    for user in users
    if (_HAS_SANDBOX or mode == "none") and (user == USER or os.geteuid() == 0)
)

QUICK = {
    "test_attacks": ("full/root", "no-cgroup/user", "landlock/user", "none/root"),
    "test_moments": ("full/root", "no-cgroup/user"),
    "test_limits": ("full/root",),
    "test_neighbours": ("full/root",),
}
"""The columns that every run of the tests has; the others are slow tests."""
