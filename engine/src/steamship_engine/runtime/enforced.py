"""How this runtime enforces each limit of a version, in words for `GET /api/v1/limits`."""

from __future__ import annotations

from steamship_engine.model.sandbox import SandboxMode

_WATCHED = {
    "memory": "a resource limit for each process, and a look at all of a worker's processes four times a second",
    "processes": "a look at all of a worker's processes four times a second",
}
_BY_THE_KERNEL = {
    "memory": "a control group of all of a worker's processes, with what they write in memory",
    "cpu": "a control group of all of a worker's processes",
    "processes": "a control group of all of a worker's processes",
}
_ON_DISK = "a resource limit for each file, and a look at the folder every two seconds"
_IN_MEMORY = "the size of the file system that a worker's scratch folder is"
_ALWAYS = {
    "files": "a resource limit for each process",
    "timeout_s": "the engine ends the call, and the worker where it cannot",
    "reply_size": "the engine stops reading",
    "max_workers": "the engine starts no more",
    "concurrency": "the engine sends no more",
}


def enforced_in(mode: SandboxMode) -> dict[str, str]:
    """By the names of `VersionLimits`; one that is not here is not enforced."""
    held = _BY_THE_KERNEL if mode is SandboxMode.FULL else _WATCHED
    return {**_ALWAYS, **held, "scratch": _IN_MEMORY if mode.isolates else _ON_DISK}
