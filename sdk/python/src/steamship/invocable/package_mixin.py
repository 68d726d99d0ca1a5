"""Routes that several packages share."""

from __future__ import annotations

from abc import ABC


class PackageMixin(ABC):  # noqa: B024
    """A class whose `@get` and `@post` methods a package takes over with `add_mixin`."""

    def instance_init(self) -> None:  # noqa: B027
        """Called once for a new instance of the package, after it was created. Does nothing here."""
