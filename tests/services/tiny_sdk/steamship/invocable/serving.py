"""The serving contract of ARCHITECTURE.md, in its smallest form."""

from __future__ import annotations

import json
import traceback
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from . import PackageService


class DefinitionError(Exception):
    """What a deploy refuses."""


@dataclass
class Outcome:
    """What a call came to."""

    status: int
    headers: list[list[str]] = field(default_factory=list)
    body: bytes = b""
    error: dict[str, Any] | None = None


def find_class(module: ModuleType) -> type:
    """The one package of the module."""
    found = [
        value
        for value in vars(module).values()
        if isinstance(value, type)
        and issubclass(value, PackageService)
        and value.__module__ == module.__name__
    ]
    if len(found) != 1:
        names = ", ".join(cls.__name__ for cls in found) or "none"
        raise DefinitionError(f"api.py must define one package, it defines {names}.")
    return found[0]


def describe(cls: type) -> dict[str, Any]:
    """Its description; a class may have one of its own in `DESCRIPTION`."""
    methods = [{"verb": verb, "path": path} for verb, path in _routes(cls)]
    told = {
        "spec": {"name": cls.__name__, "methods": methods},
        "configTemplate": {},
        "schemas": {},
        "needsInit": hasattr(cls, "instance_init"),
        "publicMethods": [],
        "notes": [],
    }
    return {**told, **getattr(cls, "DESCRIPTION", {})}


class Serving:
    """One instance, constructed at its first call."""

    def __init__(self, cls: type, instance: dict[str, Any]) -> None:
        self._cls, self._instance = cls, instance
        self._object: Any = None

    def call(
        self, verb: str, path: str, arguments: dict[str, Any], untyped: set[str], context: dict[str, Any]
    ) -> Outcome:
        """Call the method; ints that came as text are made ints, since that is all tiny packages need."""
        name = _routes(self._cls).get((verb, path))
        if name is None:
            return _failed(404, "NotFound", f"No handler for {verb} {path} available.")
        try:
            if self._object is None:
                self._object = self._cls(instance=self._instance)
            self._object.call_context = context
            values = {
                key: int(value) if key in untyped and value.isdigit() else value
                for key, value in arguments.items()
            }
            return _encoded(getattr(self._object, name)(**values))
        except Exception as error:
            message = f"{type(error).__name__}: {error}"
            return _failed(500, "PackageError", message, details=traceback.format_exc())


def _routes(cls: type) -> dict[tuple[str, str], str]:
    marked = ((name, getattr(value, "route", None)) for name, value in vars(cls).items())
    return {route[:2]: name for name, route in marked if route is not None}


def _encoded(result: Any) -> Outcome:
    if isinstance(result, Outcome):
        return result
    if isinstance(result, bytes):
        return Outcome(200, [["content-type", "application/octet-stream"]], result)
    if isinstance(result, str):
        return Outcome(200, [["content-type", "text/plain"]], result.encode())
    return Outcome(200, [["content-type", "application/json"]], json.dumps(result).encode())


def _failed(status: int, code: str, message: str, details: str | None = None) -> Outcome:
    error = {"code": code, "message": message, "suggestion": None, "details": details, "deliberate": False}
    return Outcome(status, error=error)
