"""What an operation of the API is. The table itself is `api/table.py`.

Routes, background execution, the isolation test and the docs all read that table, so an operation
that is not in it does not exist.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, field_validator
from pydantic.alias_generators import to_camel

from steamship_engine.control.actor import Actor
from steamship_engine.control.ground import Ground
from steamship_engine.model.audit import NOWHERE, Source
from steamship_engine.model.limits import REQUEST
from steamship_engine.model.nouns import Workspace


class Input(BaseModel):
    """An operation's input: camelCase on the wire, unknown fields ignored, null as good as absent."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="ignore")

    @field_validator("*")
    @classmethod
    def _storable(cls, value: Any) -> Any:
        """Refuse text that no database column holds; JSON values (dicts) may carry it, they are escaped."""
        for text in value if isinstance(value, list) else (value,):
            if isinstance(text, str) and ("\0" in text or not _is_unicode(text)):
                raise ValueError("it has a NUL character or half of a surrogate pair")
        return value


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


class PagedInput(Input):
    """Input of a listing (docs/reference/protocol.md#paging). `page_size` is checked by `api/pages.py`."""

    page_size: int | None = None
    page_token: str | None = None
    sort_order: str | None = None


class Who(StrEnum):
    """Whose key an operation wants."""

    ANYONE = "anyone"
    """No key is needed; `call.actor` is set where a good one was sent, and a bad one is ignored."""
    USER = "user"
    """A user-wide key; scoped keys and worker keys get `Cannot use a workspace-scoped key`."""
    WORKSPACE = "workspace"
    """Any key; it acts in a workspace that the key must reach."""


@dataclass(frozen=True)
class Upload:
    """An uploaded file part, on disk in `ground.uploads`; the API removes it after the operation."""

    path: Path
    size: int
    sha256: str
    filename: str | None
    content_type: str | None


@dataclass(frozen=True)
class Call:
    """One execution of an operation, synchronous or as a task.

    `actor` may be None for `Who.ANYONE` alone. `workspace_id` and `workspace_handle` are the request's
    headers; `api/current.py` resolves them. `accepts` are the words of `X-Steamship-Accept`.
    `conditions` are the request's `if-none-match`, `if-range` and `range`; none in a task.
    `task_id` is set when a task runs it; the same task may run it again after the engine was killed.
    `source` is where the request came from.
    """

    ground: Ground
    actor: Actor | None
    request_id: str
    workspace_id: str | None = None
    workspace_handle: str | None = None
    accepts: frozenset[str] = frozenset()
    upload: Upload | None = None
    current: Workspace | None = None
    conditions: Mapping[str, str] = field(default_factory=dict)
    task_id: str | None = None
    source: Source = NOWHERE

    def who(self) -> Actor:
        """The actor, where the operation requires one."""
        assert self.actor is not None, "an operation for anyone asked for its actor"
        return self.actor


@dataclass(frozen=True)
class TaskAnswer:
    """An answer about a task: its `status`, and `data` once there is JSON output (docs/reference/protocol.md#envelope)."""

    status: dict[str, Any]
    data: Any = None


@dataclass(frozen=True)
class Raw:
    """An answer of bytes. `content_type` is sent exactly as it stands; `body` is read once, in threads.

    `size` is the body's; `headers` go out beside it; `http_status` is 200, or 206 and 416 for ranges
    and 304 (a body of nothing) for an unchanged file.
    """

    body: Iterable[bytes]
    size: int
    content_type: str
    headers: Mapping[str, str] = field(default_factory=dict)
    http_status: int = 200


Answer = dict[str, Any] | TaskAnswer | Raw
"""What an operation returns: `data` (an object with one key, the wrapper) in nearly every case."""


WaitForTask = Callable[[str, float], Awaitable[object]]
"""`await wait(task_id, timeout_s)`: returns when the task has ended or the time is over; holds no thread."""

Settle = Callable[[Call, Any, Answer, WaitForTask], Awaitable[Answer]]
"""Runs on the event loop after a synchronous `run` with its call, input and answer; gives the final answer."""


@dataclass(frozen=True)
class Operation:
    """One row of the table.

    `path` is below `/api/v1/`; a `{name}` in it is a field of the input. `run` is blocking. `changes`
    operations may be sent to the background; `always_task` ones always are. `top_level` copies `data`
    beside itself for the newest npm client. `takes_file` admits multipart bodies with a `file` part of
    at most `largest_file` bytes. `settle` may hold back a synchronous answer until a task has ended.
    `keep` gives what a task of it keeps as its input, by default the raw input; it may refuse the task.
    `instance_keys` admits keys scoped to one instance, which are otherwise for calling it and nothing else.
    """

    path: str
    input: type[Input]
    run: Callable[[Call, Any], Answer]
    who: Who = Who.WORKSPACE
    verbs: tuple[str, ...] = ("POST",)
    changes: bool = False
    always_task: bool = False
    takes_file: bool = False
    largest_file: int = REQUEST.upload
    top_level: bool = False
    settle: Settle | None = None
    keep: Callable[[Call, Any], dict[str, Any]] | None = None
    instance_keys: bool = False
    summary: str = field(default="")
