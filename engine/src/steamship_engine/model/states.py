"""The states that tasks and instances pass through."""

from __future__ import annotations

from enum import StrEnum


class TaskState(StrEnum):
    """waiting -> running -> succeeded | failed; a lease that runs out leads from running back to waiting."""

    WAITING = "waiting"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"

    @property
    def finished(self) -> bool:
        """True in a state that nothing but `task/update` leaves."""
        return self in (TaskState.SUCCEEDED, TaskState.FAILED)


class InitStatus(StrEnum):
    """Of an instance: notNeeded, or initializing -> complete | failed."""

    NOT_NEEDED = "notNeeded"
    INITIALIZING = "initializing"
    COMPLETE = "complete"
    FAILED = "failed"


class KeyScope(StrEnum):
    """What a user key reaches: everything of its user, one workspace, or one instance."""

    USER = "user"
    WORKSPACE = "workspace"
    INSTANCE = "instance"


class VersionKind(StrEnum):
    """Which SDK a version's code is written on."""

    NATIVE = "native"
    ORIGINAL = "original"
