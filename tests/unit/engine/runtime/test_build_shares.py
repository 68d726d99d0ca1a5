"""What a build may take of the machine."""

from __future__ import annotations

import pytest

from steamship_engine.model.limits import BUILD, GIB, MIB
from steamship_engine.model.sandbox import SandboxMode
from steamship_engine.runtime.building.shares import granted


def test_a_large_machine_gives_what_the_table_says() -> None:
    """Where there is memory enough, a control group holds a build to the limits as they are."""
    given = granted(BUILD, SandboxMode.FULL, 64 * GIB)
    assert (given.memory, given.scratch, given.cpu) == (BUILD.memory, BUILD.scratch, BUILD.cpu)


def test_without_a_control_group_scratch_and_processes_are_one_limit_together() -> None:
    """Nobody counts what lies in scratch, so the processes get what it leaves of the whole."""
    given = granted(BUILD, SandboxMode.NO_CGROUP, 64 * GIB)
    assert (given.memory, given.scratch) == (1 * GIB, 3 * GIB)


@pytest.mark.parametrize("mode", [SandboxMode.FULL, SandboxMode.NO_CGROUP])
def test_all_builds_at_once_take_half_of_the_machine_at_most(mode: SandboxMode) -> None:
    """On a small machine the limits are smaller."""
    given = granted(BUILD, mode, 4 * GIB, builds=2)
    whole = given.memory if mode is SandboxMode.FULL else given.memory + given.scratch
    assert whole == 1 * GIB
    assert given.scratch == 768 * MIB
