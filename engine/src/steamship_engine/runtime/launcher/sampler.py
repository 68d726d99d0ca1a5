"""Holding workers to limits that no resource limit of the kernel covers: of whole trees of processes.

Every look costs one read for a process that did nothing; only one that did is looked at closely.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass

from steamship_engine.runtime.launcher import proc, scratch
from steamship_engine.runtime.launcher.lives import Life, Zygote

BUSY, QUIET = 0.25, 1.0
"""Seconds between two looks: when somebody did something, and when nobody did."""

_CLOSE = 2.0
_STATM = 128


@dataclass(eq=False)
class _Tree:
    """A life's process and those below it. `statm` is kept open, `seen` is what it said."""

    life: Life
    statm: int
    seen: bytes = b""
    cpu: int = -1
    closely: float = 0
    alone: bool = False
    active: bool = True
    measured: float = 0
    walk: Iterator[int | None] | None = None


class Sampler:
    """Looks at all lives that were added."""

    def __init__(self) -> None:
        self._trees: dict[Life, _Tree] = {}
        self.pause = BUSY

    def __len__(self) -> int:
        return len(self._trees)

    def add(self, life: Life) -> None:
        """Look at it from now on; nothing happens when it has ended."""
        try:
            statm = os.open(f"/proc/{life.pid}/statm", os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return
        self._trees[life] = _Tree(life, statm)

    def remove(self, life: Life) -> None:
        """Forget it; safe to repeat."""
        tree = self._trees.pop(life, None)
        if tree is not None:
            os.close(tree.statm)

    def look(self, now: float) -> list[tuple[Life, str]]:
        """Those that took more than they may, and of what."""
        over, busy = [], False
        for tree in self._trees.values():
            try:
                statm = os.pread(tree.statm, _STATM, 0)
            except OSError:
                continue
            if statm == tree.seen and tree.alone and now < tree.closely and tree.walk is None:
                continue
            busy = self._did_something(tree, statm) or busy
            tree.seen, tree.closely = statm, now + _CLOSE
            why = self._closely(tree) or self._disk(tree, now)
            if why is not None:
                over.append((tree.life, why))
        self.pause = BUSY if busy else QUIET
        return over

    def _did_something(self, tree: _Tree, statm: bytes) -> bool:
        stat = proc.stat(tree.life.pid)
        cpu = 0 if stat is None else stat.cpu
        changed = cpu != tree.cpu or statm != tree.seen or not tree.alone
        tree.cpu = cpu
        tree.active = tree.active or changed
        return changed

    def _closely(self, tree: _Tree) -> str | None:
        life = tree.life
        known = life.workers if isinstance(life, Zygote) else {}
        below = [child for child in proc.children(life.pid) if child not in known]
        for child in below:
            below += proc.children(child)
        pids = [life.pid, *below]
        statuses = [status for status in map(proc.status, pids) if status is not None]
        tree.alone = not below
        if sum(status.threads for status in statuses) > life.limits.processes:
            return "processes"
        if sum(status.memory for status in statuses) <= life.limits.memory:
            return None
        # What it shares with its zygote was counted in full; now for the slow and exact way.
        return "memory" if sum(map(proc.own_memory, pids)) > life.limits.memory else None

    def _disk(self, tree: _Tree, now: float) -> str | None:
        """Walk its folder, a part at each look, where it did anything since the last walk."""
        if tree.walk is None:
            if not tree.active or now < tree.measured + _CLOSE:
                return None
            tree.walk, tree.active = scratch.walk(tree.life.scratch), False
        size = next(tree.walk)
        if size is None:
            return None
        tree.walk, tree.measured = None, now
        return "scratch" if size > tree.life.limits.scratch else None
