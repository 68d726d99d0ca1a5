"""Operations as tasks: putting one into the queue, and running it when its time has come."""

from __future__ import annotations

import json
import secrets
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from steamship_engine.api.checking import checked
from steamship_engine.api.current import workspace_of
from steamship_engine.api.operations import Call, Input, Operation, Raw, TaskAnswer, Upload, Who
from steamship_engine.api.tasks import task_status
from steamship_engine.control import audit, identity, schedule, tasks
from steamship_engine.control.actor import Actor, Reach
from steamship_engine.control.ground import Ground
from steamship_engine.control.schedule import Schedule
from steamship_engine.model.errors import InvalidRequestError, NotFoundError, SteamshipError
from steamship_engine.model.nouns import Task, TaskUpload
from steamship_engine.tasks.outcome import Outcome
from steamship_engine.tasks.threads import in_thread

Internal = Callable[[Task, Any], Awaitable[Outcome]]
"""An operation that is run by `await internal(task, input)` on the event loop, not in a thread."""


def is_wanted(headers: Mapping[str, str]) -> bool:
    """Whether a request asks to become a task. InvalidRequestError for task headers that cannot be read.

    Header names are in lower case.
    """
    return schedule.requested(headers) is not None


def submit(
    call: Call, operation: Operation, wanted: Input, raw_input: dict[str, Any], headers: Mapping[str, str]
) -> dict[str, Any]:
    """Put an operation with its input, checked and raw, into the queue; the `status` to answer with.

    Blocking. An uploaded file is stored as a blob that the task holds until it ends.
    """
    when = schedule.requested(headers) or Schedule()
    ground, actor, upload = call.ground, call.who(), call.upload
    kept = raw_input if operation.keep is None else operation.keep(call, wanted)
    with ExitStack() as stack:
        placed = None
        if upload is not None:
            placed = stack.enter_context(ground.blobs.placed(upload.path, upload.sha256, upload.size))
        workspace_id = _home(call, operation)
        with ground.database.begin() as connection:
            if placed is not None:
                ground.blobs.keep(connection, placed)
            task = tasks.submit(
                ground,
                connection,
                actor,
                operation=operation.path,
                input=kept,
                request_id=call.request_id,
                workspace_id=workspace_id,
                depends_on=when.depends_on,
                run_after=when.run_after,
                upload=None if upload is None else _as_noun(upload),
            )
    return task_status(ground, task)


@dataclass(frozen=True)
class Executor:
    """What the task loop calls. `internal` operations, by name, take precedence over the table's."""

    ground: Ground
    operations: Mapping[str, Operation]
    internal: Mapping[str, Internal]

    async def __call__(self, task: Task) -> Outcome:
        """Run the task's operation as a synchronous call would; its error is raised as it is.

        ForbiddenError for a task of a worker whose instance is gone.
        """
        actor = Actor.from_json(task.actor)
        try:
            return await self._execute(task, actor)
        except SteamshipError as error:
            audit.note(self.ground.refusals, error, actor, actor.source, task.operation)
            raise

    async def _execute(self, task: Task, actor: Actor) -> Outcome:
        if actor.reach is Reach.WORKER:
            await in_thread(lambda: identity.require_instance(self.ground, actor), f"task {task.operation}")
        internal = self.internal.get(task.operation)
        if internal is not None:
            return await internal(task, tasks.input_of(self.ground, task))
        operation = self.operations.get(task.operation)
        if operation is None:
            raise NotFoundError(
                f'This engine has no operation "{task.operation}".',
                suggestion="Submit the task to the engine that accepted it, or start its version again.",
            )
        return await in_thread(lambda: _run(self.ground, operation, task, actor), f"task {task.operation}")


def _run(ground: Ground, operation: Operation, task: Task, actor: Actor) -> Outcome:
    """The same as a synchronous call, with what the row kept of it. Blocking."""
    with _fetched(ground, task) as upload:
        call = Call(
            ground=ground,
            actor=actor,
            source=actor.source,
            request_id=task.request_id,
            workspace_id=task.workspace_id,
            upload=upload,
            task_id=task.id,
        )
        answer = operation.run(call, checked(operation, tasks.input_of(ground, task)))
    if isinstance(answer, Raw):
        raise InvalidRequestError(
            f'"{operation.path}" answers with bytes, which no task can keep.',
            suggestion="Call it without task headers.",
        )
    return Outcome(json.dumps(answer.data if isinstance(answer, TaskAnswer) else answer))


@contextmanager
def _fetched(ground: Ground, task: Task) -> Iterator[Upload | None]:
    """The task's uploaded file, on disk again for as long as the block runs."""
    if task.upload is None:
        yield None
        return
    kept = TaskUpload.from_json(task.upload)
    path = ground.uploads / f"task-{secrets.token_hex(16)}"
    try:
        ground.blobs.fetch_to(kept.digest, path)
        yield Upload(path, kept.size, kept.digest, kept.filename, kept.content_type)
    finally:
        path.unlink(missing_ok=True)


def _home(call: Call, operation: Operation) -> str | None:
    """The workspace that a task belongs to, and goes with.

    Account operations have none; nor have those on workspaces, which must outlive the one they delete.
    """
    if operation.who is Who.USER or operation.path.startswith("workspace/"):
        return None
    return workspace_of(call).id


def _as_noun(upload: Upload) -> TaskUpload:
    return TaskUpload(upload.sha256, upload.size, upload.filename, upload.content_type)
