"""How much a run measures: the whole, or with QUICK=1 enough to see that everything works."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Scale:
    """Counts and seconds of one run; every loop of a benchmark is bounded by one of these."""

    name: str
    repeats: int  # of each server under load, interleaved
    repeats_of_heavy: int  # of peers that are started anew for each repeat
    load_s: int  # seconds of load a figure
    starts: int  # first replies, wakes and plain process starts
    awake: tuple[int, ...]  # instances awake at once, for memory
    settle_s: float  # from the last call to reading memory
    stored: tuple[int, ...]  # instances in the store
    deploys: int
    tasks: int
    upload_mib: int

    def halved(self) -> Scale:
        """Half the rounds, for what is told beside the rest."""
        return replace(self, repeats=-(-self.repeats // 2), repeats_of_heavy=-(-self.repeats_of_heavy // 2))


FULL = Scale(
    name="full",
    repeats=5,
    repeats_of_heavy=3,
    load_s=4,
    starts=200,
    awake=(1, 100, 500),
    settle_s=5,
    stored=(10, 100_000),
    deploys=7,
    tasks=200,
    upload_mib=190,
)
QUICK = Scale(
    name="quick",
    repeats=2,
    repeats_of_heavy=1,
    load_s=1,
    starts=20,
    awake=(1, 20),
    settle_s=5,
    stored=(10, 2_000),
    deploys=2,
    tasks=20,
    upload_mib=40,
)
