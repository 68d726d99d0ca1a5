"""Which cores a run may use, and who gets which."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Cores:
    """Where the server with all its workers runs, and where what calls it runs."""

    title: str
    server: tuple[int, ...]
    caller: tuple[int, ...]


def one_core(there: Sequence[int]) -> Cores:
    """A core for the server, another for the caller. ValueError where there is only one."""
    if len(there) < 2:
        raise ValueError("the server and the load generator need a core each, and this process has only one")
    return Cores("server on one core", (there[0],), (there[1],))


def all_cores(there: Sequence[int]) -> Cores:
    """Everything for both: they share, as on a machine that does nothing else."""
    return Cores("all cores", tuple(there), tuple(there))


def mine() -> list[int]:
    """The cores that this process may use."""
    return sorted(os.sched_getaffinity(0))
