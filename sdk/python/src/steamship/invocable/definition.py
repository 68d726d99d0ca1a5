"""What a deploy refuses about a class."""

from __future__ import annotations

from steamship.base.error import DeployError


class DefinitionError(DeployError):
    """A package class that cannot be served as it is written; the message names the place."""

    message: str

    def __init__(self, message: str, suggestion: str | None = None) -> None:
        super().__init__(message, suggestion=suggestion)

    def __str__(self) -> str:
        return self.message if self.suggestion is None else f"{self.message} {self.suggestion}"
