"""An ordinary user of this machine, who can run the engine: a copy of the checkout, with an environment of its own.

Where the tests run as root it is a user id that nobody has; where they do not, it is whoever runs them.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from uv import find_uv_bin

ROOT = Path(__file__).parents[2]
_SOURCES = (Path("engine"), Path("sdk/python"))
_FIRST = 61_200
_PATH = "/usr/local/bin:/usr/bin:/bin"


@dataclass(frozen=True)
class OrdinaryUser:
    """Their id, a folder of theirs that other users may enter, and the words that start Python as them."""

    uid: int
    folder: Path
    python: tuple[str, ...]

    def own(self, path: Path) -> Path:
        """Give a folder to them."""
        if os.geteuid() == 0:
            os.chown(path, self.uid, self.uid)
        return path


@contextmanager
def ordinary_user() -> Iterator[OrdinaryUser]:
    """The user, for as long as the block runs; what they had is removed."""
    folder = Path(tempfile.mkdtemp(prefix="steamship-user-", dir=_enterable()))
    try:
        folder.chmod(0o755)
        python = _environment(folder, _copied(folder / "checkout"))
        uid = _free_uid() if os.geteuid() == 0 else os.getuid()
        words: list[str] = [str(python)]
        if os.geteuid() == 0:
            words = ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", *words]
            os.chown(folder, uid, uid)
        yield OrdinaryUser(uid, folder, tuple(words))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def system_python() -> Path:
    """A Python that other users may run: none of a person's own home. Raises RuntimeError."""
    for name in ("python3", "python3.13", "python3.12", "python3.11"):
        found = shutil.which(name, path=_PATH)
        if found and _fits(found):
            return Path(found)
    raise RuntimeError(
        f"no Python 3.11 or newer in {_PATH}; on Debian install it with `apt-get install python3`"
    )


def _fits(python: str) -> bool:
    program = "import sys; sys.exit(sys.version_info < (3, 11))"
    return subprocess.run([python, "-I", "-c", program], check=False, capture_output=True).returncode == 0


def _copied(target: Path) -> tuple[Path, ...]:
    """The sources that an engine runs on; the folders to import from."""
    for source in _SOURCES:
        shutil.copytree(
            ROOT / source / "src", target / source / "src", ignore=shutil.ignore_patterns("__pycache__")
        )
    return tuple(target / source / "src" for source in _SOURCES)


def _environment(folder: Path, sources: tuple[Path, ...]) -> Path:
    """A virtual environment with what the sources require, at the versions that the tests run with."""
    target = folder / "environment"
    python = target / "bin" / "python"
    uv = [find_uv_bin(), "--quiet", "--no-config", "--no-python-downloads"]
    subprocess.run([*uv, "venv", "--python", system_python(), target], check=True)
    wanted = [
        line
        for source in _SOURCES
        for line in tomllib.loads((ROOT / source / "pyproject.toml").read_text())["project"]["dependencies"]
        if not line.startswith("steamship")
    ]
    lock = ROOT / "requirements" / "dev.txt"
    subprocess.run(
        [*uv, "pip", "install", "--link-mode", "copy", "--python", python, "--constraints", lock, *wanted],
        check=True,
    )
    packages = next(target.glob("lib/python3*/site-packages"))
    (packages / "checkout.pth").write_text("".join(f"{source}\n" for source in sources))
    for facts in Path(sysconfig.get_path("purelib")).glob("steamship*.dist-info"):
        shutil.copytree(facts, packages / facts.name)
    return python


def _free_uid() -> int:
    """A user id without a name and without a process."""
    used = {path.stat().st_uid for path in Path("/proc").glob("[0-9]*") if path.exists()}
    used |= {entry.pw_uid for entry in pwd.getpwall()}
    return next(uid for uid in range(_FIRST + os.getpid() % 1000, 65_000) if uid not in used)


def _enterable() -> Path:
    """A folder for temporary files which other users may enter."""
    # Where data lies below /tmp, packages have no /tmp to write to.
    for folder in ("/var/tmp", tempfile.gettempdir(), "/tmp"):
        path = Path(folder).resolve()
        if all(step.stat().st_mode & 0o001 for step in (path, *path.parents)) and os.access(path, os.W_OK):
            return path
    raise RuntimeError(f'no temporary folder may be entered by other users; "{sys.executable}" needs one')
