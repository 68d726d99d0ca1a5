"""Holding workers to limits where no control group of the kernel's does: those of whole trees of processes.

A look costs two short reads for a process that did nothing; only one that did is looked at closely, and all of
them now and then, for what its other threads do can stay out of sight.
"""

import contextlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass

from steamship_engine.runtime.launcher import proc, scratch
from steamship_engine.runtime.launcher.lives import Life, Zygote

PAUSE = 0.25
"""Seconds between two looks, and as many times longer as a look took, by `_SHARE`."""

_SHARE = 9
"""Whatever workers do, nine tenths of the launcher's time are for others than the sampler."""

_CLOSE = 2.0
_AT_LEAST = 30.0
_LINE = 128
_FILES = ("statm", "schedstat")


@dataclass(eq=False)
class _Tree:
    """A life's process and those below it. `files` tell whether it does anything; `seen` is what they said."""

    life: Life
    files: tuple[int, ...]
    seen: tuple[bytes, ...] = ()
    closely: float = 0
    alone: bool = False
    active: bool = True
    measured: float = 0
    walk: Iterator[int | None] | None = None


class Sampler:
    """Looks at all lives that were added."""

    def __init__(self, *, on_disk: bool) -> None:
        """`on_disk`: scratch folders are on the machine's disk, which holds nobody to a size."""
        self._trees: dict[Life, _Tree] = {}
        self._on_disk = on_disk
        self.pause = PAUSE

    def __len__(self) -> int:
        return len(self._trees)

    def add(self, life: Life) -> None:
        """Look at it from now on; nothing happens when it has ended."""
        files = []
        for name in _FILES:
            # A process that has ended has none, and some kernels have no `schedstat`.
            with contextlib.suppress(OSError):
                files.append(os.open(f"/proc/{life.pid}/{name}", os.O_RDONLY | os.O_CLOEXEC))
        self._trees[life] = _Tree(life, tuple(files))

    def remove(self, life: Life) -> None:
        """Forget it; safe to repeat."""
        tree = self._trees.pop(life, None)
        if tree is not None:
            for file in tree.files:
                os.close(file)

    def look(self, now: float) -> list[tuple[Life, str]]:
        """Those that took more than they may, and of what."""
        over = []
        for tree in self._trees.values():
            why = self._processes(tree, now) or (self._disk(tree, now) if self._on_disk else None)
            if why is not None:
                over.append((tree.life, why))
        self.pause = max(PAUSE, _SHARE * (time.monotonic() - now))
        return over

    def _processes(self, tree: _Tree, now: float) -> str | None:
        """Look closely where anything was done since the last look."""
        try:
            seen = tuple([os.pread(file, _LINE, 0) for file in tree.files])
        except OSError:
            return None
        if seen != tree.seen or not tree.alone:
            tree.active = True
        elif now < tree.closely:
            return None
        # Not for all at the same moment.
        tree.seen, tree.closely = seen, now + _AT_LEAST + tree.life.number % 16
        return self._closely(tree)

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
