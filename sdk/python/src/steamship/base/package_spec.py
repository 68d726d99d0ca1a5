"""What a package offers: its methods and their arguments, as `__dir__` tells it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from enum import Enum
from types import NoneType, SimpleNamespace, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from pydantic import Field, computed_field

from steamship.base.error import SteamshipError
from steamship.base.model import CamelModel
from steamship.utils.url import Verb
from steamship.version import __version__


class RouteConflictError(SteamshipError):
    """Two methods want the same verb and path; `existing_method_spec` is the one that has it."""

    existing_method_spec: MethodSpec

    def __init__(self, message: str, existing_method_spec: MethodSpec) -> None:
        super().__init__(message)
        self.existing_method_spec = existing_method_spec

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.message, self.existing_method_spec)


class ArgSpec(CamelModel):
    """An argument: `kind` is its annotation as Python prints it, `values` the choices of an enum."""

    name: str
    kind: str
    values: list[str] | None = None

    def __init__(self, name: str, parameter: inspect.Parameter) -> None:
        if name == "self":
            raise SteamshipError('"self" is not an argument of a method.')
        annotation = parameter.annotation
        fields: dict[str, Any] = {"name": name, "kind": str(annotation), "values": _enum_values(annotation)}
        super().__init__(**fields)

    def pprint(self, name_width: int | None = None, prefix: str = "") -> str:
        """The argument as a line of text; the name padded to `name_width`."""
        return f"{prefix}{self.name.ljust(name_width or len(self.name))} - {self.kind}"


class MethodSpec(CamelModel):
    """A method that can be called from outside.

    `func_binding` is the name of a method of the package, or the function to call. `class_name` is
    the class that brought it: the package's, or a mixin's.
    """

    path: str
    verb: str
    returns: str
    doc: str | None = None
    args: list[ArgSpec] | None = None
    config: dict[str, Any] | None = None
    func_binding: str | Callable[..., Any] | None = Field(None, exclude=True, repr=False)
    class_name: str | None = None

    def __init__(self, **kwargs: Any) -> None:
        path = kwargs.get("path", kwargs.get("name"))
        super().__init__(**{**kwargs, "path": MethodSpec.clean_path(path)})

    @staticmethod
    def clean_path(path: str | None = "") -> str:
        """`path` with one leading slash and no doubled ones."""
        return re.sub("/+", "/", f"/{path or ''}")

    @staticmethod
    def from_class(
        cls: type,  # noqa: PLW0211 - callers of the original may name it
        name: str,
        path: str | None = None,
        verb: Verb = Verb.POST,
        config: Mapping[str, str | bool | int | float] | None = None,
        func_binding: str | Callable[..., Any] | None = None,
    ) -> MethodSpec:
        """The spec of the method `name` of `cls`."""
        function = getattr(cls, name)
        signature = method_signature(cls, name)
        return MethodSpec(
            path=path,
            verb=Verb(verb).value,
            returns=str(signature.return_annotation),
            doc=function.__doc__,
            args=[ArgSpec(p.name, p) for p in signature.parameters.values()],
            config=None if config is None else dict(config),
            func_binding=func_binding,
            class_name=cls.__name__,
        )

    def clone(self) -> MethodSpec:
        """A copy that shares nothing but the function."""
        return self.model_copy(
            update={
                "args": None if self.args is None else [a.model_copy() for a in self.args],
                "config": None if self.config is None else dict(self.config),
            }
        )

    def pprint(self, name_width: int | None = None, prefix: str = "  ") -> str:
        """The method and its arguments as lines of text."""
        name = self.path.lstrip("/").ljust(name_width or len(self.path))
        lines = [f"{self.verb.ljust(4)} {name} -> {self.returns}"]
        width = max((len(arg.name) for arg in self.args or []), default=0)
        return "\n".join(lines + [arg.pprint(width, prefix) for arg in self.args or []])

    def is_same_route_as(self, other: MethodSpec) -> bool:
        """Whether both answer the same verb and path."""
        return (self.path, self.verb) == (other.path, other.verb)

    def get_bound_function(self, service_instance: Any | None) -> Callable[..., Any] | None:
        """The function to call; None when `service_instance` has no such method."""
        found = self.func_binding
        if isinstance(found, str):
            found = getattr(service_instance, found, None)
        return found if callable(found) else None


class PackageSpec(CamelModel):
    """A package: its name, its doc, and its methods by verb and path."""

    name: str
    doc: str | None = None
    sdk_version: str = __version__
    used_mixins: list[str] | None = None
    method_mappings: dict[str, dict[str, MethodSpec]] = Field(default_factory=dict, exclude=True, repr=False)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def methods(self) -> list[MethodSpec]:
        """Every method, by path and then verb."""
        methods = [method for by_path in self.method_mappings.values() for method in by_path.values()]
        return sorted(methods, key=lambda method: (method.path, method.verb))

    @property
    def all_methods(self) -> list[MethodSpec]:
        """The same list under the original's name."""
        return self.methods

    def pprint(self, prefix: str = "  ") -> str:
        """The package as text, one method after the other."""
        width = max((len(method.path) for method in self.all_methods), default=0)
        head = [self.name, "=" * len(self.name), *([self.doc, ""] if self.doc else [""])]
        return "\n".join(head + [method.pprint(width, prefix) for method in self.all_methods])

    def import_parent_methods(self, parent: PackageSpec | None = None) -> None:
        """Take over copies of the methods of `parent`."""
        for method in parent.all_methods if parent else []:
            self.add_method(method.clone(), permit_overwrite_of_existing=True)

    def add_method(self, new_method: MethodSpec, permit_overwrite_of_existing: bool = False) -> None:
        """Add a method. Raises RouteConflictError when its route is taken and may not be replaced."""
        by_path = self.method_mappings.setdefault(new_method.verb, {})
        existing = by_path.get(new_method.path)
        if existing is not None and not permit_overwrite_of_existing:
            raise RouteConflictError(
                f'The route "{new_method.verb} {new_method.path}" is taken by class '
                f'"{existing.class_name}". Choose another path, or pass permit_overwrite_of_existing=True.',
                existing_method_spec=existing,
            )
        by_path[new_method.path] = new_method

    def get_method(self, http_verb: str, http_path: str) -> MethodSpec | None:
        """The method that answers `http_verb` at `http_path`; None when there is none."""
        by_path = self.method_mappings.get(http_verb.strip().upper(), {})
        return by_path.get(MethodSpec.clean_path(http_path))

    def clone(self) -> PackageSpec:
        """A copy whose methods may be changed without changing this one's."""
        copy = self.model_copy(update={"method_mappings": {}, "used_mixins": list(self.used_mixins or [])})
        copy.import_parent_methods(self)
        return copy


def method_signature(cls: type, name: str) -> inspect.Signature:
    """The signature of a method without its first argument, annotations resolved where they can be."""
    raw = inspect.getattr_static(cls, name)
    function = getattr(cls, name)
    signature = resolved_signature(function)
    if isinstance(raw, (staticmethod, classmethod)):
        return signature
    return signature.replace(parameters=list(signature.parameters.values())[1:])


def resolved_signature(function: Callable[..., Any]) -> inspect.Signature:
    """The signature of a callable; an annotation that names what is not there stays a string."""
    signature = inspect.signature(function)
    namespace = getattr(inspect.unwrap(function), "__globals__", {})
    return signature.replace(
        parameters=[
            p.replace(annotation=_resolved(p.annotation, namespace)) for p in signature.parameters.values()
        ],
        return_annotation=_resolved(signature.return_annotation, namespace),
    )


def _resolved(annotation: Any, namespace: dict[str, Any]) -> Any:
    if not isinstance(annotation, str) and not get_args(annotation):
        return annotation
    holder = SimpleNamespace(__annotations__={"it": annotation})
    try:
        return get_type_hints(holder, globalns=namespace, include_extras=True)["it"]
    except Exception:  # an annotation is the author's expression: it may raise anything
        return annotation


def _enum_values(annotation: Any) -> list[str] | None:
    """The choices of an Enum or an optional Enum."""
    if get_origin(annotation) in (Union, UnionType):
        members = [member for member in get_args(annotation) if member is not NoneType]
        if len(members) != 1 or len(get_args(annotation)) != 2:
            return None
        annotation = members[0]
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return [str(choice.value) for choice in annotation]
    return None
