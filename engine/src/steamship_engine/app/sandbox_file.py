"""The mode that an engine runs in, left in its data directory for commands that work beside it."""

from __future__ import annotations

from pathlib import Path

from steamship_engine.model.sandbox import SandboxMode

_FILE = "sandbox"


def remember(data_dir: Path, mode: SandboxMode) -> None:
    """Leave the mode for commands that work beside the engine."""
    (data_dir / _FILE).write_text(f"{mode}\n")


def isolates(data_dir: Path) -> bool:
    """Whether the engine of that folder isolated users from each other when it was started last."""
    try:
        return SandboxMode((data_dir / _FILE).read_text().strip()).isolates
    except (OSError, ValueError):
        return False
