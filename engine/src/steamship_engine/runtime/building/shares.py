"""What one build may take of this machine, in each mode of the sandbox."""

from __future__ import annotations

import os

from steamship_engine.model.limits import MIB, RUNTIME, BuildLimits
from steamship_engine.model.sandbox import SandboxMode
from steamship_engine.model.version_limits import VersionLimits

_LEAST = 128 * MIB


def memory_of_this_machine() -> int:
    """In bytes."""
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def granted(
    limits: BuildLimits, mode: SandboxMode, machine: int, builds: int = RUNTIME.builds
) -> VersionLimits:
    """The limits of a build's processes, of which there are `builds` at once: together they take half of the `machine`'s memory at most."""
    memory = min(limits.memory, machine // 2 // builds)
    scratch = min(limits.scratch, memory * 3 // 4)
    if mode is not SandboxMode.FULL:
        # No control group counts what lies in scratch, so the processes get what that leaves.
        memory = max(memory - scratch, _LEAST)
    return VersionLimits(
        memory=memory, cpu=limits.cpu, processes=limits.processes, files=limits.files, scratch=scratch
    )
