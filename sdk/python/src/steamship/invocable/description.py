"""What a deploy keeps about a class, and what it refuses."""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Iterator
from typing import Any

from steamship.base.error import InvalidConfigError
from steamship.base.package_spec import MethodSpec, PackageSpec, RouteConflictError
from steamship.invocable.arguments import MethodArguments, method_arguments
from steamship.invocable.class_spec import class_spec
from steamship.invocable.config_class import config_class
from steamship.invocable.config_template import config_template
from steamship.invocable.definition import DefinitionError
from steamship.invocable.invocable import Invocable
from steamship.invocable.package_mixin import PackageMixin
from steamship.invocable.package_service import PackageService
from steamship.invocable.routes import RouteMethod, find_route_methods
from steamship.invocable.schemas import arguments_schema, config_schema, result_schema
from steamship.invocable.secrets_file import load_secrets

_OWN_METHODS = ("__steamship_dir__", "invocable_instance_init")
_RESERVED = frozenset({"mcp", "openapi.json", "docs"})
_ATTRIBUTES = frozenset({"client", "config", "context", "mixins"})
_PATH = re.compile(r"/[A-Za-z0-9._~!$&'()*+,;=:@/-]*")


def describe(cls: type) -> dict[str, Any]:
    """All that is known of a class without constructing it, in JSON values only.

    `spec` is what `__dir__` answers; `configTemplate` the parameters; `schemas` has `config` and, for
    each `"VERB /path"`, `arguments` and `result` (absent when unknown); `needsInit` whether a new
    instance has anything to prepare; `publicMethods` the routes that need no key; `notes` remarks for
    the author. Raises DefinitionError for what a deploy must refuse.
    """
    try:
        for found in _marked(cls):
            _check_route(found, f"{found.verb} {found.path}")
        spec = class_spec(cls)
        secrets = load_secrets(cls)
    except (RouteConflictError, InvalidConfigError) as error:
        raise DefinitionError(error.message or "", error.suggestion) from error
    template = config_template(config_class(cls), secrets)
    notes = _hidden(cls)
    schemas: dict[str, Any] = {"config": config_schema(config_class(cls), notes)}
    for method in _authored(spec):
        route = f"{method.verb} {method.path}"
        arguments = method_arguments(cls, method)
        _check_arguments(arguments, route)
        result = result_schema(arguments, route, notes)
        schemas[route] = {"arguments": arguments_schema(arguments, route, notes)}
        if result is not None:
            schemas[route]["result"] = result
    return {
        "spec": spec.model_dump(mode="json", by_alias=True),
        "configTemplate": template,
        "schemas": schemas,
        "needsInit": needs_init(cls),
        "publicMethods": [f"{m.verb} {m.path}" for m in spec.methods if (m.config or {}).get("public")],
        "notes": notes,
    }


def needs_init(cls: type) -> bool:
    """Whether preparing a new instance may do anything."""
    for name in ("instance_init", "invocable_instance_init"):
        if getattr(cls, name) not in (getattr(PackageService, name), getattr(Invocable, name)):
            return True
    mixins = getattr(cls, "USED_MIXIN_CLASSES", ())
    if any(mixin.instance_init is not PackageMixin.instance_init for mixin in mixins):
        return True
    # A mixin that only the constructor adds is not known before there is an object.
    constructors = (vars(ancestor).get("__init__") for ancestor in cls.__mro__)
    return any(inspect.isfunction(f) and "add_mixin" in f.__code__.co_names for f in constructors)


def _hidden(cls: type) -> list[str]:
    """A note for each attribute of the class that stands in the way of what every object has."""
    if inspect.getattr_static(cls, "context") is inspect.getattr_static(Invocable, "context"):
        return []
    return [f'"{cls.__name__}.context" hides the context of the call: self.context has no headers.']


def _marked(cls: type) -> list[RouteMethod]:
    """Every route that the class or a mixin it names asks for, also one that the built-in ones hide."""
    mixins = getattr(cls, "USED_MIXIN_CLASSES", ())
    return [route for owner in (cls, *mixins) for route in find_route_methods(owner)]


def _authored(spec: PackageSpec) -> Iterator[MethodSpec]:
    return (method for method in spec.methods if method.func_binding not in _OWN_METHODS)


def _check_route(method: RouteMethod, route: str) -> None:
    """Refuse names that are taken, paths that no address can have, and bad options."""
    if method.name in _ATTRIBUTES:
        raise DefinitionError(
            f'"{route}" cannot be served: self.{method.name} is no method but the instance\'s {method.name}.',
            "Give the method another name; its path may stay.",
        )
    first = method.path.split("/")[1]
    if first.startswith("__") or first in _RESERVED:
        raise DefinitionError(
            f'"{route}" cannot be served: the engine answers "{first}" itself.',
            "Choose a path that does not start with __ and is none of mcp, openapi.json, docs.",
        )
    if _PATH.fullmatch(method.path) is None:
        raise DefinitionError(
            f'"{route}" cannot be served: its path has characters that an address cannot have.',
            "Use letters, digits and . _ ~ - in the path.",
        )
    config = method.config
    if not isinstance(config.get("public", False), bool):
        raise DefinitionError(
            f'"{route}" has public={config["public"]!r}.', "Write public=True or public=False."
        )
    if "timeout" in config and not _is_seconds(config["timeout"]):
        raise DefinitionError(
            f'"{route}" has timeout={config["timeout"]!r}.', "Give a number of seconds above 0."
        )
    for name, value in config.items():
        if isinstance(value, float) and not math.isfinite(value):
            raise DefinitionError(f'"{route}" has {name}={value!r}.', "Give a finite number.")


def _is_seconds(value: Any) -> bool:
    return (
        isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0 and math.isfinite(value)
    )


def _check_arguments(arguments: MethodArguments, route: str) -> None:
    if arguments.positional:
        names = ", ".join(f'"{name}"' for name in arguments.positional)
        raise DefinitionError(
            f'"{route}" cannot be served: {names} can only be given by position, and a call gives names.',
            "Take the / out of the method's parameters.",
        )
