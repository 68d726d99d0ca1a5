"""How this runtime enforces each limit of a version, in words for `GET /api/v1/limits`."""

from __future__ import annotations

ENFORCED = {
    "timeout_s": "the engine ends the worker",
}
"""By the names of `VersionLimits`; one that is not here is not enforced yet."""
