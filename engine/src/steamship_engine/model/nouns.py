"""The nouns, one frozen record each, with the fields of their table. Times are aware and in UTC."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from steamship_engine.model.states import InitStatus, KeyScope, TaskState, VersionKind


@dataclass(frozen=True)
class User:
    """Somebody who owns packages and workspaces."""

    seq: int
    id: str
    created_at: datetime
    handle: str
    updated_at: datetime
    is_admin: bool


@dataclass(frozen=True)
class Key:
    """A user key, without its secret: `digest` is the SHA-256 of the whole key."""

    seq: int
    id: str
    created_at: datetime
    user_id: str
    name: str
    lookup: str
    digest: bytes = field(repr=False)
    scope: KeyScope
    workspace_id: str | None
    instance_id: str | None
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


@dataclass(frozen=True)
class LoginAttempt:
    """A client that waits for somebody to approve it: `digest` is the SHA-256 of its token.

    `refused_keys` counts what was tried on the page and opened nothing. `key_id` is the key that
    approved it, and `client` what the key for the client will be called; None until then.
    """

    seq: int
    id: str
    created_at: datetime
    digest: bytes = field(repr=False)
    expires_at: datetime
    refused_keys: int
    key_id: str | None
    client: str | None


@dataclass(frozen=True)
class Workspace:
    """A place of one user's in which instances keep their data."""

    seq: int
    id: str
    created_at: datetime
    user_id: str
    handle: str
    updated_at: datetime


@dataclass(frozen=True)
class Package:
    """A handle, unique over all users, under which one user publishes versions."""

    seq: int
    id: str
    created_at: datetime
    user_id: str
    handle: str
    is_public: bool
    description: str | None
    readme: str | None
    profile: dict[str, Any] | None
    updated_at: datetime


@dataclass(frozen=True)
class Version:
    """Immutable code of a package, imported once and found good.

    `hosting_handler` is an original's entry point, None for its SDK's own. `kind_reason` says in words why the
    code counts as native or original, None where an older engine deployed it. `sdk` is the digest of the blob
    that is our SDK's wheel in its environment, None for originals.
    """

    seq: int
    id: str
    created_at: datetime
    package_id: str
    handle: str
    kind: VersionKind
    kind_reason: str | None
    bundle: str
    environment: str
    sdk: str | None
    hosting_handler: str | None
    config_template: dict[str, dict[str, Any]]
    spec: dict[str, Any]
    schemas: dict[str, Any]
    needs_init: bool
    description: str | None
    readme: str | None
    manifest: dict[str, Any] | None
    notes: list[str]
    updated_at: datetime


@dataclass(frozen=True)
class Instance:
    """A configured version in one workspace. `config` is without secrets; `secret_config` is sealed."""

    seq: int
    id: str
    created_at: datetime
    user_id: str
    workspace_id: str
    package_id: str
    version_id: str
    handle: str
    config: dict[str, Any]
    secret_config: bytes | None = field(repr=False)
    init_status: InitStatus
    init_message: str | None
    init_task_id: str | None
    updated_at: datetime


@dataclass(frozen=True)
class Task:
    """An operation that runs later.

    `input` and `output` are sealed text: either may hold what must not lie open on a disk.
    `waiting_for` counts unfinished needs. `upload` is a `TaskUpload`'s JSON until the task has ended.
    """

    seq: int
    id: str
    created_at: datetime
    user_id: str
    workspace_id: str | None
    operation: str
    actor: dict[str, Any]
    request_id: str
    input: bytes | None = field(repr=False)
    output: bytes | None = field(repr=False)
    output_is_json: bool
    state: TaskState
    status_message: str | None
    status_suggestion: str | None
    status_code: str | None
    run_after: datetime
    started_at: datetime | None
    updated_at: datetime
    lease_owner: str | None
    lease_until: datetime | None
    attempts: int
    waiting_for: int
    upload: dict[str, Any] | None


@dataclass(frozen=True)
class TaskUpload:
    """An uploaded file that waits with its task: a blob, of which the task holds one reference."""

    digest: str
    size: int
    filename: str | None
    content_type: str | None

    def to_json(self) -> dict[str, Any]:
        """For the task's row."""
        return {
            "digest": self.digest,
            "size": self.size,
            "filename": self.filename,
            "contentType": self.content_type,
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        """The upload that `to_json` wrote."""
        return cls(value["digest"], value["size"], value["filename"], value["contentType"])


@dataclass(frozen=True)
class Record:
    """A line that an instance's package printed or logged, or a call of it with its `status` and `elapsed_s`.

    The author is the package's owner. `request_id`, `verb` and `path` are the call's, None outside calls.
    """

    seq: int
    at: datetime
    user_id: str
    workspace_id: str
    instance_id: str
    package_handle: str
    version_handle: str
    instance_handle: str
    author_id: str
    author_handle: str
    component: str
    level: str
    message: str
    request_id: str | None = None
    verb: str | None = None
    path: str | None = None
    status: int | None = None
    elapsed_s: float | None = None


@dataclass(frozen=True)
class File:
    """Stored bytes with a handle and tags, in one workspace. `blob` is their SHA-256, None when empty."""

    seq: int
    id: str
    created_at: datetime
    user_id: str
    workspace_id: str
    handle: str
    filename: str | None
    mime_type: str | None
    is_public: bool
    blob: str | None
    size: int
    updated_at: datetime


@dataclass(frozen=True)
class Tag:
    """A kind, a name and a value on a file."""

    seq: int
    id: str
    created_at: datetime
    workspace_id: str
    file_id: str
    kind: str
    name: str | None
    value: dict[str, Any] | None
