"""What one version's workers and calls may take: the manifest's `limits`, within the operator's caps."""

from __future__ import annotations

from dataclasses import dataclass

from steamship_engine.model.limits import GIB, MIB


@dataclass(frozen=True)
class VersionLimits:
    """Limits of a version. Sizes are bytes, times seconds.

    `memory` is a worker's with all processes it started, `cpu` its share in cores, `processes` and `files` how
    many it may have, `scratch` what it may write, `timeout_s` the longest call, `reply_size` the longest reply.
    An instance has at most `max_workers`. `concurrency` is how many calls a worker runs at once; None leaves it
    to the class: one, or for one with `async def` methods as many as its event loop takes.
    """

    memory: int = 1 * GIB
    cpu: float = 1
    processes: int = 64
    files: int = 1024
    scratch: int = 256 * MIB
    timeout_s: float = 600
    reply_size: int = 1 * GIB
    max_workers: int = 4
    concurrency: int | None = None
