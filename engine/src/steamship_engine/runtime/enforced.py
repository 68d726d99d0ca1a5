"""How this runtime enforces each limit of a version, in words for `GET /api/v1/limits`."""

from __future__ import annotations

ENFORCED = {
    "memory": "a resource limit for each process, and a look at all of a worker's processes four times a second",
    "processes": "a look at all of a worker's processes four times a second",
    "files": "a resource limit for each process",
    "scratch": "a resource limit for each file, and a look at the folder every two seconds",
    "timeout_s": "the engine ends the call, and the worker where it cannot",
    "reply_size": "the engine stops reading",
    "max_workers": "the engine starts no more",
    "concurrency": "the engine sends no more",
}
"""By the names of `VersionLimits`; one that is not here is not enforced yet."""
