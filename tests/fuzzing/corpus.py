"""The kept inputs: `tests/corpus/{target}/{what it is}`, each a case that was thought of or found."""

from __future__ import annotations

import hashlib
from pathlib import Path

FOLDER = Path(__file__).parent.parent / "corpus"


def kept(target: str) -> list[Path]:
    """The target's kept inputs, by name."""
    return sorted(path for path in (FOLDER / target).glob("*") if path.is_file())


def contents(target: str) -> list[bytes]:
    """What is in them."""
    return [path.read_bytes() for path in kept(target)]


def keep(target: str, content: bytes, why: str) -> Path:
    """Keep an input, to be renamed by whoever looks at it: `{why}-{digest}`."""
    path = FOLDER / target / f"{why}-{hashlib.sha256(content).hexdigest()[:10]}"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    return path
