"""Tasks: work that an engine has accepted and does later."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from pydantic import Field

from steamship.base.error import SteamshipError, UnavailableError, error_from_status
from steamship.base.model import Resource

if TYPE_CHECKING:
    from steamship.base.client import Client

T = TypeVar("T")


def poll_pause_s(elapsed_s: float, longest_s: float) -> float:
    """How long to wait before asking again: a fifth of the time it has taken so far, within bounds."""
    return min(max(0.02, elapsed_s / 5), longest_s)


class TaskState:
    """The states of a task; the last two are final."""

    waiting = "waiting"
    running = "running"
    succeeded = "succeeded"
    failed = "failed"


class TaskType:
    """What kind of work a task is."""

    internal_api = "internalApi"
    train = "train"
    infer = "infer"


class Task(Resource, Generic[T]):
    """Work accepted by an engine, as it was when last asked about.

    `output` is what it made, once `state` is `succeeded`: parsed where the engine gives it as JSON,
    else the engine's text (base64 for a method called later). `expect` is the model class that the
    output is read as, None for plain JSON.
    """

    _wrapper: ClassVar[str] = "task"

    task_id: str | None = None
    user_id: str | None = None
    workspace_id: str | None = None
    request_id: str | None = None
    expect: Any = Field(None, exclude=True, repr=False)
    input: str | None = None
    output: Any = None
    state: str | None = None
    status_message: str | None = None
    status_suggestion: str | None = None
    status_code: str | None = None
    status_created_on: str | None = None
    task_type: str | None = None
    task_executor: str | None = None
    task_created_on: str | None = None
    task_last_modified_on: str | None = None
    remote_status_input: dict[str, Any] | None = None
    remote_status_output: dict[str, Any] | None = None
    remote_status_message: str | None = None
    assigned_worker: str | None = None
    started_at: str | None = None
    max_retries: int | None = None
    retries: int | None = None

    @staticmethod
    def of_answer(client: Client, envelope: dict[str, Any], expect: type[Any] | None) -> Task[Any]:
        """The task that an answer's `status` describes, with its `data` as output."""
        task: Task[Any] = Task.model_validate(envelope["status"], context={"client": client})
        task.expect = expect
        if "data" in envelope:
            task.output = client._parsed(envelope["data"], expect)
        return task

    @staticmethod
    def get(client: Client, _id: str | None = None, handle: str | None = None) -> Task[Any]:
        """The task with that id. Raises NotFoundError."""
        from steamship.base.request import IdentifierRequest

        task: Task[Any] = client.post("task/get", IdentifierRequest(id=_id, handle=handle), expect=Task)
        return task

    def as_error(self) -> SteamshipError:
        """Why it failed."""
        return error_from_status(self.model_dump(by_alias=True, exclude={"output"}))

    def update(self, other: Task[Any] | None = None) -> None:
        """Take over what `other` says; without one, forget everything."""
        newer = other or Task()
        for name in type(self).model_fields:
            if name not in ("client", "expect"):
                setattr(self, name, getattr(newer, name))

    def post_update(self, fields: set[str] | None = None) -> Task[T]:
        """Write the named fields (Python names) to the engine, all of them without any."""
        wire = self.model_dump(mode="json", by_alias=True, include=fields)
        if "output" in wire and not isinstance(wire["output"], (str, type(None))):
            wire["output"] = json.dumps(wire["output"])
        body = {**wire, "taskId": self.task_id}
        updated: Task[T] = self._asked().post("task/update", body, expect=Task)
        return updated

    def wait(
        self,
        max_timeout_s: float = 180,
        retry_delay_s: float = 1,
        on_each_refresh: Callable[[int, float, Task[T]], None] | None = None,
    ) -> T:
        """Wait until it is done, and return its output.

        Asks again after at most `retry_delay_s` seconds, sooner at first. `on_each_refresh` is called
        after each time with how often it was asked, the seconds since the start and the task. Raises
        the error it failed with; UnavailableError when it is not done after `max_timeout_s`.
        """
        start = time.monotonic()
        asked = 0
        while self.state not in (TaskState.succeeded, TaskState.failed):
            elapsed = time.monotonic() - start
            if elapsed >= max_timeout_s:
                raise UnavailableError(
                    f'The task "{self.task_id}" is still "{self.state}" after {max_timeout_s:g} s.',
                    suggestion="It goes on in the engine: wait again, or ask with Task.get(client, id).",
                    request_id=self.request_id,
                )
            time.sleep(min(poll_pause_s(elapsed, retry_delay_s), max_timeout_s - elapsed))
            self.refresh()
            asked += 1
            if on_each_refresh is not None:
                on_each_refresh(asked, time.monotonic() - start, self)
        if self.state == TaskState.failed:
            raise self.as_error()
        output: T = self.output
        return output

    def wait_until_completed(
        self,
        retry_delay_s: float = 1,
        on_each_refresh: Callable[[int, float, Task[T]], None] | None = None,
    ) -> T:
        """`wait` without a limit."""
        return self.wait(float("inf"), retry_delay_s, on_each_refresh)

    def refresh(self) -> None:
        """Ask the engine how it is. Raises the error it failed with."""
        client = self._asked()
        self.update(Task.of_answer(client, client.task_status(str(self.task_id)), self.expect))
        if self.state == TaskState.failed:
            raise self.as_error()

    def _asked(self) -> Client:
        if self.client is None:
            raise SteamshipError(
                f'The task "{self.task_id}" has no client to ask with.',
                suggestion="Get it with Task.get(client, id).",
            )
        client: Client = self.client
        return client
