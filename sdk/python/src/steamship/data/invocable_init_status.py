"""How far an instance's `instance_init` is."""

from __future__ import annotations

from enum import StrEnum


class InvocableInitStatus(StrEnum):
    """The states of an instance's init; only `INITIALIZING` changes by itself."""

    NOT_NEEDED = "notNeeded"
    INITIALIZING = "initializing"
    COMPLETE = "complete"
    FAILED = "failed"
