"""What packages say, and how they were called: kept as records, and read by those whose instances they are."""

from __future__ import annotations

import time

from steamship_engine.control.actor import Actor
from steamship_engine.control.ground import Ground
from steamship_engine.control.instances import CallTarget, origin_of
from steamship_engine.model.nouns import Record, Workspace
from steamship_engine.runtime.port import LogLine, Request
from steamship_engine.store.records import Filter, Records, Said

PACKAGE, INVOCATION = "package", "invocation"
"""The two components: what the package said, and the engine's record of a call."""


def keep_line(records: Records, line: LogLine) -> None:
    """Keep a line that an instance's worker printed or logged. What a deploy prints belongs to no instance."""
    spec = line.instance
    if spec is None:
        return
    origin = origin_of(spec, {name: spec.config.get(name) for name in spec.secrets})
    call = (line.request_id, line.verb, line.path)
    records.add(Said(origin, time.time_ns() // 1000, PACKAGE, line.level, line.message, *call))


def keep_call(ground: Ground, target: CallTarget, request: Request, status: int, elapsed_s: float) -> None:
    """Keep that a method was called, and how it was answered; `elapsed_s` until the whole answer was there."""
    level = "info" if status < 400 else "warning" if status < 500 else "error"
    ground.records.add(
        Said(
            target.origin,
            time.time_ns() // 1000,
            INVOCATION,
            level,
            None,
            request.request_id,
            request.verb,
            request.path,
            status,
            elapsed_s,
        )
    )


def listed(
    ground: Ground, actor: Actor, workspace: Workspace, wanted: dict[str, str | None], start: int, size: int
) -> tuple[list[Record], int]:
    """Records of the actor's own instances in the workspace, newest first, and how many there are.

    `wanted` are fields of `Filter`. Blocking.
    """
    narrowed = Filter(user_id=actor.user_id, workspace_id=workspace.id, **wanted)
    return ground.records.listed(narrowed, start, size)
