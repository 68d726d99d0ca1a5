"""What an engine keeps for its users."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steamship.lazy_face import lazy_face

if TYPE_CHECKING:
    from steamship.data.block import Block
    from steamship.data.file import File
    from steamship.data.package.package import Package
    from steamship.data.package.package_instance import PackageInstance
    from steamship.data.package.package_version import PackageVersion
    from steamship.data.tags.tag import Tag
    from steamship.data.user import User
    from steamship.data.workspace import Workspace

__all__ = ["Block", "File", "Package", "PackageInstance", "PackageVersion", "Tag", "User", "Workspace"]

__getattr__, __dir__ = lazy_face(
    __name__,
    {
        "Block": "steamship.data.block",
        "File": "steamship.data.file",
        "Package": "steamship.data.package.package",
        "PackageInstance": "steamship.data.package.package_instance",
        "PackageVersion": "steamship.data.package.package_version",
        "Tag": "steamship.data.tags.tag",
        "User": "steamship.data.user",
        "Workspace": "steamship.data.workspace",
    },
)
