"""Operations sent to the background: from the request's headers to a task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from steamship_engine.api.operations import Call, Operation
from steamship_engine.model.errors import NotBuiltYetError

_HEADERS = ("x-task-background", "x-task-dependency", "x-task-run-after")


def is_wanted(headers: Mapping[str, str]) -> bool:
    """Whether a request asks to be run as a task."""
    return any(headers.get(name, "").strip().lower() not in ("", "false") for name in _HEADERS)


def submit(
    call: Call, operation: Operation, raw_input: dict[str, Any], headers: Mapping[str, str]
) -> dict[str, Any]:
    """Accept the call as a task; its `status` object."""
    raise NotBuiltYetError(
        f'This engine does not run "{operation.path}" in the background yet.',
        suggestion="Call it without the X-Task-* headers.",
    )
