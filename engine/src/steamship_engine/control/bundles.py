"""Bundles that lie unpacked on the machine: there while a version has them or a deploy is at work on them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Lock
from typing import TYPE_CHECKING

from steamship_engine.model.errors import UnavailableError
from steamship_engine.store import versions

if TYPE_CHECKING:
    from steamship_engine.control.ground import Ground


class AtWork:
    """The digests of the bundles that deploys are at work on; `lock` is held to read or change them."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.deploys: Counter[str] = Counter()


@contextmanager
def unpacked(ground: Ground, digest: str) -> Iterator[None]:
    """The block may have the bundle unpacked; where it makes no version, nothing of it stays. Blocking."""
    with ground.at_work.lock:
        ground.at_work.deploys[digest] += 1
    try:
        yield
    finally:
        with ground.at_work.lock:
            ground.at_work.deploys[digest] -= 1
        forget_unneeded(ground, [digest])


def forget_unneeded(ground: Ground, digests: list[str]) -> int:
    """Have the machine remove those of the bundles that nobody needs; how many. Blocking."""
    removed = 0
    for digest in digests:
        # Held while it is removed, so that no deploy of it begins in the middle.
        with ground.at_work.lock:
            if ground.at_work.deploys[digest]:
                continue
            del ground.at_work.deploys[digest]
            with ground.database.read() as connection:
                if versions.has_bundle(connection, digest):
                    continue
            with suppress(UnavailableError):  # the engine is stopping; its next start sweeps
                ground.machine.forget(digest)
                removed += 1
    return removed


def sweep(ground: Ground) -> int:
    """Remove what an engine that was killed left unpacked; how many bundles. For the engine's start."""
    return forget_unneeded(ground, ground.machine.unpacked())
