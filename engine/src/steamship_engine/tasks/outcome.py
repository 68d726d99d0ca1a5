"""What running a task gave."""

from __future__ import annotations

from dataclasses import dataclass

from steamship_engine.model.errors import PackageError, SteamshipError
from steamship_engine.model.states import TaskState
from steamship_engine.store.queue import Ending


@dataclass(frozen=True)
class Outcome:
    """The output of a task that succeeded, or the error of one that failed.

    `output` is text: JSON when `is_json`, else base64 of bytes.
    """

    output: str | None = None
    is_json: bool = True
    error: SteamshipError | None = None

    def ending(self, sealed_output: bytes | None) -> Ending:
        """For the task's row."""
        if self.error is None:
            return Ending(TaskState.SUCCEEDED, sealed_output, self.is_json)
        details = self.error.details if isinstance(self.error, PackageError) else None
        return Ending(
            TaskState.FAILED,
            message=self.error.message if details is None else f"{self.error.message}\n\n{details}",
            suggestion=self.error.suggestion,
            code=self.error.code,
        )
