"""The failure of an original package, which none of the engine's classes stands for."""

from __future__ import annotations

from steamship_engine.model.errors import PackageError


class OriginalError(PackageError):
    """An original package's own failed reply, whose code and HTTP status are the package's."""

    def __init__(self, message: str, *, code: str, http_status: int, suggestion: str | None = None) -> None:
        super().__init__(message, suggestion=suggestion)
        self.code, self.http_status = code, http_status
