"""PostgreSQL's server programs, for the tests: found, or installed with apt. Standard library only.

No cluster of the system is made or used; the tests start their own (tests/services/postgres.py).
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tools import apt
from tools.commands import fail, run, say

INSTALL_COMMAND = "sudo apt-get install -y postgresql"

# Debian's package would create a cluster and start it on port 5432; for the time of the
# installation its configuration says not to.
_INSTALL = """
set -eu
export DEBIAN_FRONTEND=noninteractive
apt-get -qq -o DPkg::Lock::Timeout=300 update
apt-get -qq -o DPkg::Lock::Timeout=300 install --no-install-recommends postgresql-common
configuration=/etc/postgresql-common/createcluster.conf
cp -p "$configuration" "$configuration.before-steamship"
trap 'mv -f "$configuration.before-steamship" "$configuration"' EXIT
printf '\\ncreate_main_cluster = false\\n' >> "$configuration"
apt-get -qq -o DPkg::Lock::Timeout=300 install --no-install-recommends postgresql
"""


def find_postgres() -> Path | None:
    """The folder of the newest `initdb` and `postgres` that work, or None."""
    return next((folder for folder in _folders() if _works(folder)), None)


def _folders() -> Iterator[Path]:
    """Where Debian keeps them (not on PATH), newest first; then PATH."""
    debian = [path for path in Path("/usr/lib/postgresql").glob("*/bin") if path.parent.name.isdigit()]
    yield from sorted(debian, key=lambda path: int(path.parent.name), reverse=True)
    on_path = shutil.which("postgres")
    if on_path:
        yield Path(on_path).resolve().parent


def _works(folder: Path) -> bool:
    try:
        for name in ("initdb", "postgres"):
            subprocess.run([folder / name, "--version"], check=True, capture_output=True, timeout=20)
    except (OSError, subprocess.SubprocessError):
        return False
    return True


def install() -> bool:
    """Install PostgreSQL if it is missing; returns whether that was needed."""
    if find_postgres():
        return False
    if not apt.there():
        fail(
            "the tests need PostgreSQL's `initdb` and `postgres`, on PATH or in /usr/lib/postgresql/*/bin; "
            "install PostgreSQL 13 or newer and run `make setup-test` again"
        )
    as_root = apt.as_root()
    if as_root is None:
        fail(
            f"the tests need PostgreSQL, and this user may not install it; have it done with `{INSTALL_COMMAND}`"
        )
    say("Debian's postgresql, without a cluster")
    run([*as_root, "sh", "-c", _INSTALL], quiet=True)
    if not find_postgres():
        fail(f"PostgreSQL was installed but does not run; look at `{INSTALL_COMMAND}`")
    return True
