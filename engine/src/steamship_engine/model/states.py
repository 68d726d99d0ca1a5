"""The states that tasks, instances and workers pass through."""

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


class WorkerState(StrEnum):
    """starting -> idle <-> busy -> draining -> stopped; any of them may lead to stopped at once."""

    STARTING = "starting"
    IDLE = "idle"
    BUSY = "busy"
    DRAINING = "draining"
    STOPPED = "stopped"


class StopReason(StrEnum):
    """Why a worker was stopped, or is being drained."""

    IDLE = "idle"
    EVICTED = "evicted"
    CRASHED = "crashed"
    OVER_MEMORY = "overMemory"
    OVER_PROCESSES = "overProcesses"
    OVER_SCRATCH = "overScratch"
    OVER_TIME = "overTime"
    BAD_FRAMES = "badFrames"
    REFUSED = "refused"
    RESTARTED = "restarted"
    DELETED = "deleted"
    VERSION_GONE = "versionGone"
    ZYGOTE_GONE = "zygoteGone"
    ENGINE_STOPPING = "engineStopping"
