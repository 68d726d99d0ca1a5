"""The part of the protocol that this engine does not have yet: known paths that answer 501."""

from __future__ import annotations

import re

from steamship_engine.model.errors import NotBuiltYetError

PREFIXES = ("plugin/", "embedding-index/")
"""Every path below these."""

PATHS = (
    "block/create",
    "block/delete",
    "block/get",
    "block/list",
    "block/query",
    "block/raw",
    "block/update",
    "block/{id}/abortStream",
    "block/{id}/appendStream",
    "block/{id}/finishStream",
    "block/{id}/raw",
    "file/clear",
    "file/createSignedUrl",
    "file/import",
    "file/{id}/stream",
    "tag/list",
    "task/comment/create",
    "task/comment/delete",
    "task/comment/list",
    "workspace/createSignedUrl",
)
"""Single paths, as the protocol writes them. One that gets built leaves this list and docs/reference/not-built.md."""

_PATTERNS = [re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path))) for path in PATHS]


def refusal(path: str) -> NotBuiltYetError | None:
    """The 501 for a path below `/api/v1/` that the protocol knows; None for one that nobody knows."""
    if not path.startswith(PREFIXES) and not any(pattern.fullmatch(path) for pattern in _PATTERNS):
        return None
    return NotBuiltYetError(
        f'This engine does not have "{path[:200]}" yet.',
        suggestion="docs/reference/not-built.md lists what is not there yet.",
    )
