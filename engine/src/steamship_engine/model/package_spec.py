"""What a version's code says about its methods (protocol.md 4.5), as far as the engine acts on it."""

from __future__ import annotations

from typing import Any, TypeGuard

from steamship_engine.model.errors import DeployError
from steamship_engine.model.strict_json import DEEPEST, is_deeper

Place = tuple[str, str]
"""A method's verb, upper-case, and its path with the leading slash."""


def check_spec(spec: dict[str, Any]) -> None:
    """DeployError where the methods are not a list of objects with `verb`, `path` and `config`.

    It comes from a worker, so from a stranger's code.
    """
    check_depth(spec)
    methods = spec.get("methods")
    if not isinstance(methods, list):
        raise _refused('"methods" is no list')
    for method in methods:
        if not isinstance(method, dict):
            raise _refused("a method is no object")
        for name in ("verb", "path"):
            if not isinstance(method.get(name), str):
                raise _refused(f'the "{name}" of a method is no text')
        if not isinstance(method.get("config"), dict | None):
            raise _refused(f'the "config" of the method "{method["path"][:100]}" is no object')


def check_depth(value: dict[str, Any]) -> None:
    """DeployError for a value that is nested deeper than answers can be that hold it."""
    if is_deeper(value):
        raise _refused(f"it is more than {DEEPEST} levels deep")


def public_methods(spec: dict[str, Any]) -> frozenset[Place]:
    """The methods that need no key. `spec` has passed `check_spec`."""
    return frozenset(place for place, options in _methods(spec) if options.get("public") is True)


def timeouts(spec: dict[str, Any]) -> dict[Place, float]:
    """The seconds that a method's author allows it, for those who say. `spec` has passed `check_spec`."""
    return {
        place: float(seconds)
        for place, options in _methods(spec)
        if is_seconds(seconds := options.get("timeout"))
    }


def is_seconds(value: object) -> TypeGuard[float]:
    """Whether a stranger's value is a number of seconds."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1e9


def _methods(spec: dict[str, Any]) -> list[tuple[Place, dict[str, Any]]]:
    return [
        ((method["verb"].upper(), method["path"]), method.get("config") or {}) for method in spec["methods"]
    ]


def _refused(reason: str) -> DeployError:
    return DeployError(
        f"The package describes itself in a form that is not known: {reason}.",
        suggestion="Deploy with an unchanged steamship SDK.",
    )
