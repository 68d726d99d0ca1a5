"""Debian's package manager, where the set-up may use it. Standard library only."""

from __future__ import annotations

import os
import shutil
import subprocess

from tools.commands import run


def there() -> bool:
    """Whether this machine has apt."""
    return shutil.which("apt-get") is not None


def as_root() -> list[str] | None:
    """The words before a command that needs root: none for root, sudo's where it asks nothing, else None."""
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if sudo and subprocess.run([sudo, "-n", "true"], check=False, capture_output=True).returncode == 0:
        return [sudo, "-n"]
    return None


def install_if_offered(package: str) -> bool:
    """Install `package` if this Debian has it and this user may; returns whether it did."""
    words = as_root() if there() else None
    if words is None:
        return False
    quiet = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300"]
    run([*words, *quiet, "update"], quiet=True)
    offer = subprocess.run(["apt-cache", "show", package], check=False, capture_output=True)
    if offer.returncode:
        return False
    run([*words, *quiet, "install", "--no-install-recommends", package], quiet=True)
    return True
