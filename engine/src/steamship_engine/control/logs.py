"""What packages say, and how they were called: kept as records, and read by those whose instances they are."""

from __future__ import annotations

from steamship_engine.control.actor import Actor
from steamship_engine.control.ground import Ground
from steamship_engine.control.instances import CallTarget
from steamship_engine.model.nouns import Record, Workspace
from steamship_engine.runtime.port import InstanceSpec, LogLine, Request
from steamship_engine.store.columns import now
from steamship_engine.store.records import Filter, Records

PACKAGE, INVOCATION = "package", "invocation"
"""The two components: what the package said, and the engine's record of a call."""


def keep_line(records: Records, line: LogLine) -> None:
    """Keep a line that an instance's worker printed or logged. What a deploy prints belongs to no instance."""
    spec = line.instance
    if spec is None:
        return
    call = (line.request_id, line.verb, line.path)
    record = _record(spec, PACKAGE, line.level, line.message, call)
    records.add(record, {name: spec.config.get(name) for name in spec.secrets})


def keep_call(ground: Ground, target: CallTarget, request: Request, status: int, elapsed_s: float) -> None:
    """Keep that a method was called, and how it was answered; `elapsed_s` until the whole answer was there."""
    level = "info" if status < 400 else "warning" if status < 500 else "error"
    message = f"{request.verb} {request.path} {status} in {elapsed_s * 1000:.1f} ms"
    call = (request.request_id, request.verb, request.path)
    record = _record(target.spec, INVOCATION, level, message, call, status, round(elapsed_s, 6))
    ground.records.add(record, target.secrets)


def listed(
    ground: Ground, actor: Actor, workspace: Workspace, wanted: dict[str, str | None], start: int, size: int
) -> tuple[list[Record], int]:
    """Records of the actor's own instances in the workspace, newest first, and how many there are.

    `wanted` are fields of `Filter`. Blocking.
    """
    narrowed = Filter(user_id=actor.user_id, workspace_id=workspace.id, **wanted)
    return ground.records.listed(narrowed, start, size)


def _record(
    spec: InstanceSpec,
    component: str,
    level: str,
    message: str,
    call: tuple[str | None, str | None, str | None],
    status: int | None = None,
    elapsed_s: float | None = None,
) -> Record:
    request_id, verb, path = call
    context = spec.context
    return Record(
        seq=0,
        at=now(),
        user_id=context["userId"],
        workspace_id=spec.workspace_id,
        instance_id=spec.instance_id,
        package_handle=context["invocableHandle"],
        version_handle=context["invocableVersionHandle"],
        instance_handle=context["invocableInstanceHandle"],
        author_id=context["invocableOwnerId"],
        author_handle=context["invocableOwnerHandle"],
        component=component,
        level=level,
        message=message,
        request_id=request_id,
        verb=verb,
        path=path,
        status=status,
        elapsed_s=elapsed_s,
    )
