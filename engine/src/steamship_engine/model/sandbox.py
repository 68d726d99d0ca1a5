"""How much stands between a package's code and everything else: the modes of the sandbox."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class SandboxMode(StrEnum):
    """The strongest first."""

    FULL = "full"
    NO_CGROUP = "no-cgroup"
    LANDLOCK = "landlock"
    NONE = "none"

    @property
    def isolates(self) -> bool:
        """Whether users who do not trust each other may share an engine."""
        return self in (SandboxMode.FULL, SandboxMode.NO_CGROUP)


SHOWN = {
    SandboxMode.FULL: "every worker has namespaces, a read-only root, a network and limits of its own",
    SandboxMode.NO_CGROUP: "as full, but memory and processes are watched instead of held by the kernel, and processor time is not bounded",
    SandboxMode.LANDLOCK: "workers write to their scratch folder alone, but see the machine and its other processes",
    SandboxMode.NONE: "packages may do whatever the engine's user may",
}
"""Each in words for the operator."""


@dataclass(frozen=True)
class Sandbox:
    """The mode that an engine runs in; `refused` says of each stronger one why it is not that."""

    mode: SandboxMode
    refused: tuple[tuple[SandboxMode, str], ...] = ()
