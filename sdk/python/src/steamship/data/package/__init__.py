"""Packages, their versions and their instances."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steamship.lazy_face import lazy_face

if TYPE_CHECKING:
    from steamship.data.package.package import Package
    from steamship.data.package.package_instance import PackageInstance
    from steamship.data.package.package_version import PackageVersion

__all__ = ["Package", "PackageInstance", "PackageVersion"]

__getattr__, __dir__ = lazy_face(
    __name__,
    {
        "Package": "steamship.data.package.package",
        "PackageInstance": "steamship.data.package.package_instance",
        "PackageVersion": "steamship.data.package.package_version",
    },
)
