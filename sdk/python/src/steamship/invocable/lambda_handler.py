"""What older packages call at the end of `api.py`. The engine finds the class by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from steamship.base.error import NotBuiltYetError

if TYPE_CHECKING:
    from collections.abc import Callable

    from steamship.invocable.invocable import Invocable


def create_handler(invocable_cls: type[Invocable]) -> Callable[..., Any]:  # noqa: ARG001 - as called
    """Accepted, so that an older `api.py` still loads; what it returns is never called."""
    return safe_handler


def safe_handler(event: dict[str, Any], context: Any = None) -> dict[str, Any]:  # noqa: ARG001 - as called
    """Refuse: packages on this SDK are not called by events. Raises NotBuiltYetError."""
    raise NotBuiltYetError(
        "This SDK has no event handler.",
        suggestion="Remove the handler; a deploy finds the class in api.py.",
    )
