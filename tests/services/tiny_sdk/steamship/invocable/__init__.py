"""What a tiny package imports."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class PackageService:
    """Every tiny package's ancestor."""

    def __init__(self, **kwargs: Any) -> None:
        self.given = kwargs


def _route(verb: str, path: str, **options: Any) -> Callable[[Any], Any]:
    def mark(method: Any) -> Any:
        method.route = (verb, "/" + path.strip("/"), options)
        return method

    return mark


def get(path: str, **options: Any) -> Callable[[Any], Any]:
    """Mark a method that answers GET."""
    return _route("GET", path, **options)


def post(path: str, **options: Any) -> Callable[[Any], Any]:
    """Mark a method that answers POST."""
    return _route("POST", path, **options)
