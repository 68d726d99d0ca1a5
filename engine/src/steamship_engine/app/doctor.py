"""`ship doctor`: what this machine has of what an engine needs, each with the reason where it has not."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from steamship_engine.model.errors import SteamshipError
from steamship_engine.model.sandbox import SandboxMode
from steamship_engine.runtime import proving
from steamship_engine.runtime.egress.own import Ports
from steamship_engine.runtime.interpreter import Interpreter, for_natives, for_originals
from steamship_engine.runtime.layers import Layers
from steamship_engine.settings import Settings

_PROXY = 3128


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. `problem` is None where it is as it should be; `said` is what was found."""

    name: str
    said: str
    problem: str | None = None


def examine(settings: Settings) -> list[Finding]:
    """Everything, in the order in which it is shown."""
    return [*_pythons(settings), *_sandboxes(settings)]


def chosen(findings: list[Finding]) -> SandboxMode:
    """The mode that a start without `--sandbox` takes."""
    held = {finding.name for finding in findings if finding.problem is None}
    return next((mode for mode in SandboxMode if f"sandbox {mode}" in held), SandboxMode.NONE)


def _pythons(settings: Settings) -> list[Finding]:
    return [
        _python("python for packages", lambda: for_natives(settings.pythons)),
        _python("python for originals", lambda: for_originals(settings.pythons, os.environ)),
    ]


def _python(name: str, find: Callable[[], Interpreter]) -> Finding:
    try:
        found = find()
    except SteamshipError as error:
        return Finding(name, "none", f"{error.message} {error.suggestion or ''}".strip())
    return Finding(name, f"{found.version} at {found.path}")


def _sandboxes(settings: Settings) -> list[Finding]:
    with tempfile.TemporaryDirectory(prefix="steamship-doctor-") as empty:
        # An engine that was started here has secrets that a worker must not read.
        data = settings.data_dir if os.access(settings.data_dir, os.W_OK) else Path(empty)
        Path(empty).chmod(0o711)
        return [_sandbox(mode, data, settings) for mode in SandboxMode if mode is not SandboxMode.NONE]


def _sandbox(mode: SandboxMode, data: Path, settings: Settings) -> Finding:
    layers = Layers.of(mode, Ports((settings.port,) if settings.port else (), _PROXY))
    problems = asyncio.run(proving.problems_of(layers, data, settings.pythons))
    return Finding(f"sandbox {mode}", "no" if problems else "holds", "; ".join(problems) or None)
