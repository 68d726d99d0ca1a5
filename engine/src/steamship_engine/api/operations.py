"""What an operation of the API is. The table itself is `api/table.py`.

Routes, background execution, the isolation test and the docs all read that table, so an operation
that is not in it does not exist.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from steamship_engine.control.actor import Actor
from steamship_engine.control.ground import Ground
from steamship_engine.model.nouns import Workspace


class Input(BaseModel):
    """An operation's input: camelCase on the wire, unknown fields ignored, null as good as absent."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="ignore")


class PagedInput(Input):
    """Input of a listing (protocol.md 1.7). `page_size` is checked by `api/pages.py`."""

    page_size: int | None = None
    page_token: str | None = None
    sort_order: str | None = None


class Who(StrEnum):
    """Whose key an operation wants."""

    ANYONE = "anyone"
    """No key at all."""
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

    `actor` is None only for `Who.ANYONE`. `workspace_id` and `workspace_handle` are the request's
    headers; `api/current.py` resolves them. `accepts` are the words of `X-Steamship-Accept`.
    """

    ground: Ground
    actor: Actor | None
    request_id: str
    workspace_id: str | None = None
    workspace_handle: str | None = None
    accepts: frozenset[str] = frozenset()
    upload: Upload | None = None
    current: Workspace | None = None

    def who(self) -> Actor:
        """The actor, where the operation requires one."""
        assert self.actor is not None, "an operation for anyone asked for its actor"
        return self.actor


@dataclass(frozen=True)
class Operation:
    """One row of the table.

    `path` is below `/api/v1/`. `run` is blocking and returns the answer's `data` (an object with one
    key, the wrapper). `changes` operations may be sent to the background; `always_task` ones always
    are. `top_level` copies `data` beside itself for the newest npm client. `takes_file` admits
    multipart bodies with a `file` part.
    """

    path: str
    input: type[Input]
    run: Callable[[Call, Any], dict[str, Any]]
    who: Who = Who.WORKSPACE
    verbs: tuple[str, ...] = ("POST",)
    changes: bool = False
    always_task: bool = False
    takes_file: bool = False
    top_level: bool = False
    summary: str = field(default="")
