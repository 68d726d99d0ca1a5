"""The Python under which environments are made and workers run."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from steamship_engine.model.errors import UnavailableError

_PROBE = (
    "import json, platform, sys; print(json.dumps([sys.implementation.name, platform.python_version(), "
    "platform.machine(), sys.executable]))"
)
_PROBE_TIMEOUT = 20


@dataclass(frozen=True)
class Interpreter:
    """An interpreter that was executed and told what it is."""

    path: Path
    name: str
    version: str
    machine: str

    @property
    def identity(self) -> str:
        """What must be equal for two environments to be exchangeable."""
        return f"{self.name} {self.version} {self.machine} {self.path}"


def probe(path: Path | None = None) -> Interpreter:
    """Execute the interpreter at `path`, by default the one that the engine itself was made from.

    Blocking. Raises UnavailableError when it does not run: a name on PATH can be a broken shim.
    """
    asked = path or Path(getattr(sys, "_base_executable", sys.executable)).resolve()
    try:
        done = subprocess.run(
            [asked, "-I", "-S", "-c", _PROBE], check=True, capture_output=True, timeout=_PROBE_TIMEOUT, env={}
        )
        name, version, machine, executable = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise UnavailableError(
            f'"{asked}" is no Python that runs: {error}', suggestion="Give the engine another interpreter."
        ) from error
    return Interpreter(Path(executable or asked), name, version, machine)
