"""The public names of installed modules, for comparing two SDKs.

Run by the original's interpreter (CPython 3.10, nothing but the SDK): reads module names from stdin and
writes `{module: {name: described}}`. `describe` is also imported by the test, for ours.
"""

from __future__ import annotations

import ast
import enum
import importlib
import inspect
import json
import sys
from pathlib import Path
from typing import Any

_SIMPLE = (str, int, float, bool, type(None))


def module_names(root: Path) -> list[str]:
    """Every module of the package in the folder `root`, by dotted name."""
    found = []
    for path in sorted(root.rglob("*.py")):
        parts = [root.name, *path.relative_to(root).with_suffix("").parts]
        found.append(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    return found


def defined_names(module: Any) -> list[str]:
    """What a module offers: its `__all__`, else what its own source defines without a leading underscore."""
    listed = getattr(module, "__all__", None)
    if listed is not None:
        return sorted(listed)
    names = set()
    for node in ast.parse(Path(module.__file__).read_text("utf-8")).body:
        if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names.update(target.id for target in node.targets if isinstance(target, ast.Name))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.add(node.target.id)
    return sorted(name for name in names if not name.startswith("_") and len(name) > 1)


def describe(thing: Any) -> dict[str, Any]:
    """A class with its members, a callable with its parameters, or a plain value."""
    if isinstance(thing, type):
        return {"kind": "class", **_class(thing)}
    if callable(thing):
        return {"kind": "callable", "parameters": parameters(thing)}
    return {"kind": "value"}


def parameters(function: Any) -> list[list[Any]] | None:
    """Name, kind and default of each parameter without `self`; None when it tells none."""
    try:
        listed = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return None
    return [[p.name, p.kind.name, _default(p)] for p in listed if p.name != "self"]


def member(cls: type, name: str) -> dict[str, Any] | None:
    """A member of a class as it is used; None when there is none."""
    fields = _fields(cls)
    if name in fields:
        return {"kind": "field", "required": _required(fields[name])}
    try:
        raw = inspect.getattr_static(cls, name)
    except AttributeError:
        told = any(name in vars(each).get("__annotations__", {}) for each in cls.__mro__)
        return {"kind": "field", "required": False} if told else None
    if isinstance(raw, enum.Enum):
        return {"kind": "choice", "value": raw.value}
    if isinstance(raw, (property, *_cached())):
        return {"kind": "property"}
    used = getattr(cls, name)
    return {"kind": "callable", "parameters": parameters(used)} if callable(used) else {"kind": "value"}


def _brought(module: str, thing: Any) -> dict[str, Any]:
    """As `describe`; a class that only passes through the module without its members."""
    said = describe(thing)
    if said["kind"] == "class" and thing.__module__ != module:
        said["members"] = {}
    return said


def _cached() -> tuple[type, ...]:
    from functools import cached_property

    return (cached_property,)


def _class(cls: type) -> dict[str, Any]:
    """The members that the class itself brings."""
    fields = _fields(cls)
    own = set(vars(cls)) | (set(fields) & set(vars(cls).get("__annotations__", {})))
    names = {name for name in own if not name.startswith("_") or name in ("__init__", "__call__")}
    if issubclass(cls, enum.Enum):
        names = set(cls.__members__)
    names -= {"Config", "model_config", "model_fields", "model_computed_fields"}
    members = {name: member(cls, name) for name in sorted(names)}
    return {"members": {name: said for name, said in members.items() if said is not None}}


def _fields(cls: type) -> dict[str, Any]:
    """The fields of a pydantic model, of version 2 or 1; none for another class."""
    if hasattr(cls, "model_fields"):
        return dict(cls.model_fields)
    return dict(getattr(cls, "__fields__", {}))


def _required(field: Any) -> bool:
    told = getattr(field, "is_required", None)
    return bool(told() if callable(told) else field.required)


def _default(parameter: inspect.Parameter) -> Any:
    """None when there is no default, else a list with it (with None for what JSON cannot tell)."""
    if parameter.default is inspect.Parameter.empty:
        return None
    value = parameter.default
    if isinstance(value, enum.Enum):
        value = value.value
    return [value if isinstance(value, _SIMPLE) else None]


def main() -> None:
    """Write what the modules named on stdin offer."""
    told = {}
    for name in json.load(sys.stdin):
        module = importlib.import_module(name)
        told[name] = {each: _brought(name, getattr(module, each)) for each in defined_names(module)}
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main()
