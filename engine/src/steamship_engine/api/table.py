"""The table of operations: everything the API can do, and the only list of it."""

from __future__ import annotations

from steamship_engine.api import (
    account,
    files,
    instances,
    invocations,
    keys,
    limits,
    logs,
    packages,
    tags,
    tasks,
    versions,
    workers,
    workspaces,
)
from steamship_engine.api.operations import Operation

OPERATIONS: tuple[Operation, ...] = (
    *account.OPERATIONS,
    *workspaces.OPERATIONS,
    *keys.OPERATIONS,
    *files.OPERATIONS,
    *tags.OPERATIONS,
    *packages.OPERATIONS,
    *versions.OPERATIONS,
    *instances.OPERATIONS,
    *workers.OPERATIONS,
    *invocations.OPERATIONS,
    *tasks.OPERATIONS,
    *logs.OPERATIONS,
    *limits.OPERATIONS,
)

BY_PATH = {operation.path: operation for operation in OPERATIONS}
"""For tasks, whose rows hold the path."""
