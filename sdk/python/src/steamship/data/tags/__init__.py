"""Tags."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steamship.lazy_face import lazy_face

if TYPE_CHECKING:
    from steamship.data.tags.tag import Tag

__all__ = ["Tag"]

__getattr__, __dir__ = lazy_face(__name__, {"Tag": "steamship.data.tags.tag"})
