"""The layers of the sandbox in each mode, and what a version's processes may read of the machine."""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from steamship_engine.model.sandbox import SandboxMode
from steamship_engine.runtime import seccomp
from steamship_engine.runtime.egress.own import Ports

CHILD = Path(__file__).parent / "child"
_SYSTEM = (Path("/"), Path("/usr"))
_NOTHING = b""
_LINKS = 40
"""As many as the kernel follows."""


@dataclass(frozen=True)
class Layers:
    """What stands between a package and the machine in one mode.

    `ports` are the engine's: workers reach them, and in a network of their own nothing else. `environment` are
    variables of theirs there.
    """

    mode: SandboxMode
    ports: Sequence[int] = ()
    environment: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, mode: SandboxMode, ports: Ports) -> Layers:
        """The layers of an engine that is found at those ports: through the proxy, too, from a network of one's own."""
        return cls(mode, ports.all, ports.environment) if mode.isolates else cls(mode, ports.bases)

    @property
    def namespaces(self) -> bool:
        """Whether workers have a root, processes, users and a network of their own."""
        return self.mode.isolates

    def order(self) -> dict[str, Any]:
        """The launcher's first order. Compiles the programs for seccomp."""
        zygotes, workers = _NOTHING, _NOTHING
        if self.namespaces:
            held = self.mode is SandboxMode.FULL
            zygotes, workers = seccomp.for_zygotes(memory_is_held=held), seccomp.for_workers()
        elif self.mode is SandboxMode.LANDLOCK:
            zygotes = seccomp.on_the_host()
        return {
            "namespaces": self.namespaces,
            "landlock": self.mode is not SandboxMode.NONE,
            "cgroups": self.mode is SandboxMode.FULL,
            "zygotesCalls": base64.b64encode(zygotes).decode(),
            "workersCalls": base64.b64encode(workers).decode(),
            "ports": list(self.ports),
            "environment": dict(self.environment),
        }


def reads(python: Path, code: Path | None) -> list[Path]:
    """What a zygote and its workers read: the environment of the interpreter `python`, where that comes from, the code."""
    environment = python.parent.parent
    found = [CHILD, environment] if (environment / "pyvenv.cfg").exists() else [CHILD]
    # A system's own Python lies where every root has it. What an environment says of itself, in its `pyvenv.cfg`,
    # the package's requirements may have written.
    found += [home for home in dict.fromkeys(_homes(python)) if home not in _SYSTEM]
    return found if code is None else [*found, code]


def _homes(python: Path) -> list[Path]:
    """The prefix of the interpreter that `python` leads to, with links above it and without, and the links on the way there.

    Those as themselves: what lies around one, in somebody's `~/.local` for example, is nobody's business.
    """
    links: list[Path] = []
    at = python
    for _ in range(_LINKS):
        if not at.is_symlink():
            break
        at = Path(os.path.normpath(at.parent / at.readlink()))
        links.append(at)
    prefixes = [links.pop().parent.parent] if links and not at.is_symlink() else []
    return [*prefixes, python.resolve().parent.parent, *links]
