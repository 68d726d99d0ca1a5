"""Steps that are done again only when what they depend on has changed.

A stamp is a file in `.stamps/` that holds the digest of a step's inputs as they were when it was
last done. Standard library only: this runs before anything is installed.
"""

from __future__ import annotations

import fcntl
import hashlib
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STAMPS = ROOT / ".stamps"


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Hold the repository's set-up lock: two `make` commands started together take turns."""
    STAMPS.mkdir(exist_ok=True)
    with (STAMPS / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def run_when_changed(
    name: str,
    action: Callable[[], None],
    *,
    inputs: Iterable[Path],
    outputs: Iterable[Path] = (),
    facts: Iterable[str] = (),
) -> bool:
    """Do `action` unless it was done for the same inputs and facts and its outputs are there.

    Returns whether it was done. An action that raises leaves no stamp, so that the next run does
    it again.
    """
    stamp = STAMPS / name
    now = digest(inputs, facts)
    if _read(stamp) == now and all(path.exists() for path in outputs):
        return False
    stamp.unlink(missing_ok=True)
    action()
    STAMPS.mkdir(exist_ok=True)
    stamp.write_text(now + "\n")
    return True


def forget(*names: str) -> None:
    """Let the named steps be done again."""
    for name in names:
        (STAMPS / name).unlink(missing_ok=True)


def digest(inputs: Iterable[Path], facts: Iterable[str] = ()) -> str:
    """SHA-256 over the paths and bytes of all files (folders are walked) and over the facts."""
    total = hashlib.sha256(f"{ROOT}\0{sys.platform}\0".encode())
    for fact in facts:
        total.update(fact.encode() + b"\0")
    for path in _files(inputs):
        total.update(str(path).encode() + b"\0")
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def _files(inputs: Iterable[Path]) -> Iterator[Path]:
    for path in inputs:
        if path.is_dir():
            yield from (p for p in sorted(path.rglob("*")) if p.is_file() and "__pycache__" not in p.parts)
        else:
            yield path


def _read(stamp: Path) -> str | None:
    try:
        return stamp.read_text().strip()
    except FileNotFoundError:
        return None
