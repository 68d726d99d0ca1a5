"""What the client and the data classes stand on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steamship.lazy_face import lazy_face

if TYPE_CHECKING:
    from steamship.base.configuration import Configuration
    from steamship.base.error import SteamshipError
    from steamship.base.mime_types import MimeTypes
    from steamship.base.tasks import Task, TaskState

__all__ = ["Configuration", "MimeTypes", "SteamshipError", "Task", "TaskState"]

__getattr__, __dir__ = lazy_face(
    __name__,
    {
        "Configuration": "steamship.base.configuration",
        "MimeTypes": "steamship.base.mime_types",
        "SteamshipError": "steamship.base.error",
        "Task": "steamship.base.tasks",
        "TaskState": "steamship.base.tasks",
    },
)
