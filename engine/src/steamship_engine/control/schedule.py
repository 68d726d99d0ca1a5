"""When a request wants to be run: its `X-Task-*` headers (docs/reference/protocol.md#request-headers)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from steamship_engine.model.errors import InvalidRequestError
from steamship_engine.store.columns import now

_FARTHEST = timedelta(days=3660)
_MOST_DEPENDENCIES = 1000


@dataclass(frozen=True)
class Schedule:
    """A task is wanted: after the tasks of these ids have succeeded, and not before `run_after`."""

    depends_on: tuple[str, ...] = ()
    run_after: datetime | None = None


def requested(headers: Mapping[str, str]) -> Schedule | None:
    """What the request's headers (names in lower case) ask for; None where they ask for no task.

    InvalidRequestError names a header that cannot be read.
    """
    background = headers.get("x-task-background", "").strip().lower()
    if background not in ("", "true", "false"):
        raise _unreadable("X-Task-Background", background, "Send true or false.")
    needs = tuple(part.strip() for part in headers.get("x-task-dependency", "").split(",") if part.strip())
    if len(needs) > _MOST_DEPENDENCIES:
        raise InvalidRequestError(
            f'The header X-Task-Dependency names "{len(needs)}" tasks; at most {_MOST_DEPENDENCIES} are taken.',
            suggestion="Depend on a task that depends on the others.",
        )
    run_after = _moment(headers.get("x-task-run-after", "").strip())
    if background != "true" and not needs and run_after is None:
        return None
    return Schedule(needs, run_after)


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    advice = "Send ISO 8601 with an offset, such as 2031-01-31T10:00:00+00:00, at most ten years from now."
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise _unreadable("X-Task-Run-After", text, advice) from None
    latest = now() + _FARTHEST
    if moment.tzinfo is None or moment > latest:
        raise _unreadable("X-Task-Run-After", text, advice)
    # A moment long past is as good as now, and always fits the database.
    return max(moment, now())


def _unreadable(header: str, value: str, advice: str) -> InvalidRequestError:
    return InvalidRequestError(f'The header {header} cannot be read: "{value[:100]}".', suggestion=advice)
