"""The client."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steamship.lazy_face import lazy_face

if TYPE_CHECKING:
    from steamship.client.steamship import Steamship

__all__ = ["Steamship"]

__getattr__, __dir__ = lazy_face(__name__, {"Steamship": "steamship.client.steamship"})
