"""Use, write and deploy Steamship packages.

    from steamship import Steamship

    instance = Steamship.use("greeter", "my-handle")
    instance.invoke("greet", name="Beautiful")

Names are loaded when they are first asked for, so that importing this costs next to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steamship.lazy_face import lazy_face

if TYPE_CHECKING:
    from steamship.base.configuration import Configuration
    from steamship.base.error import SteamshipError
    from steamship.base.mime_types import MimeTypes
    from steamship.base.tasks import Task, TaskState
    from steamship.client.steamship import Steamship
    from steamship.data.block import Block
    from steamship.data.file import File
    from steamship.data.package.package import Package
    from steamship.data.package.package_instance import PackageInstance
    from steamship.data.package.package_version import PackageVersion
    from steamship.data.tags.tag import Tag
    from steamship.data.user import User
    from steamship.data.workspace import Workspace
    from steamship.version import __version__

__all__ = [
    "Block",
    "Configuration",
    "File",
    "MimeTypes",
    "Package",
    "PackageInstance",
    "PackageVersion",
    "Steamship",
    "SteamshipError",
    "Tag",
    "Task",
    "TaskState",
    "User",
    "Workspace",
    "__version__",
]

__getattr__, __dir__ = lazy_face(
    __name__,
    {
        "Block": "steamship.data.block",
        "Configuration": "steamship.base.configuration",
        "File": "steamship.data.file",
        "MimeTypes": "steamship.base.mime_types",
        "Package": "steamship.data.package.package",
        "PackageInstance": "steamship.data.package.package_instance",
        "PackageVersion": "steamship.data.package.package_version",
        "Steamship": "steamship.client.steamship",
        "SteamshipError": "steamship.base.error",
        "Tag": "steamship.data.tags.tag",
        "Task": "steamship.base.tasks",
        "TaskState": "steamship.base.tasks",
        "User": "steamship.data.user",
        "Workspace": "steamship.data.workspace",
        "__version__": "steamship.version",
    },
)
