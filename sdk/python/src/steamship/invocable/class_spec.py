"""The routes of a class, with those of the mixins it names, as a PackageSpec."""

from __future__ import annotations

from typing import Any

from steamship.base.error import PackageError
from steamship.base.package_spec import MethodSpec, PackageSpec, RouteConflictError
from steamship.invocable.routes import find_route_methods
from steamship.utils.url import Verb

_CACHE = "_steamship_class_spec"


class MixinMethod:
    """A route of a mixin class that the package names and, until its constructor runs, has not added."""

    def __init__(self, owner: type, name: str) -> None:
        self.owner = owner
        self.name = name

    def __call__(self, **arguments: Any) -> Any:
        """Raises PackageError: there is no object of the mixin to call."""
        raise PackageError(
            f'"{self.name}" belongs to the mixin "{self.owner.__name__}", which this package never added. '
            f"Call self.add_mixin({self.owner.__name__}(...)) in its constructor."
        )


def class_spec(cls: type) -> PackageSpec:
    """The spec of `cls`, made once per class. Clone it before you change it.

    Raises DefinitionError for two methods of one class with one route, RouteConflictError for a mixin
    whose route the class has already.
    """
    spec: PackageSpec | None = vars(cls).get(_CACHE)
    if spec is None:
        spec = _read(cls)
        setattr(cls, _CACHE, spec)
    return spec


def add_mixin_routes(spec: PackageSpec, mixin: Any, overwrite: bool = False) -> None:
    """Add the routes of a mixin: bound ones of an object, unbound ones of a class.

    A route that the same mixin class holds already is replaced. Raises RouteConflictError when another
    class holds it and `overwrite` is False.
    """
    mixin_class = mixin if isinstance(mixin, type) else type(mixin)
    for route in find_route_methods(mixin_class):
        method = MethodSpec.from_class(
            mixin_class,
            route.name,
            path=route.path,
            verb=route.verb,
            config=route.config,
            func_binding=MixinMethod(mixin_class, route.name)
            if mixin is mixin_class
            else getattr(mixin, route.name),
        )
        existing = spec.get_method(method.verb, method.path)
        if existing is not None and existing.class_name != mixin_class.__name__ and not overwrite:
            raise RouteConflictError(
                f'The mixin "{mixin_class.__name__}" brings the route "{method.verb} {method.path}", which '
                f'class "{existing.class_name}" has already. Choose another path for one of them.',
                existing_method_spec=existing,
            )
        spec.add_method(method, permit_overwrite_of_existing=True)


def qualified_name(cls: type) -> str:
    """Module and name of a class."""
    return f"{cls.__module__}.{cls.__qualname__}"


def _read(cls: type) -> PackageSpec:
    spec = PackageSpec(name=cls.__name__, doc=cls.__doc__, used_mixins=[])
    own = find_route_methods(cls)
    mixins = list(dict.fromkeys(getattr(cls, "USED_MIXIN_CLASSES", ())))
    inherited = {mixin for base in cls.__mro__[1:] for mixin in getattr(base, "USED_MIXIN_CLASSES", ())}
    for mixin in mixins:
        # A subclass may replace a route of a mixin that its base uses; the base itself may not.
        if mixin in inherited:
            add_mixin_routes(spec, mixin)
    for route in own:
        spec.add_method(_method(cls, route.name, route.verb, route.path, route.config), True)
    for mixin in mixins:
        if mixin not in inherited:
            add_mixin_routes(spec, mixin)
    spec.used_mixins = [qualified_name(mixin) for mixin in mixins]
    for verb in Verb:
        spec.add_method(_method(cls, "__steamship_dir__", verb, "/__dir__", None), True)
    spec.add_method(_method(cls, "invocable_instance_init", Verb.POST, "/__instance_init__", {}), True)
    return spec


def _method(cls: type, name: str, verb: Verb, path: str, config: dict[str, Any] | None) -> MethodSpec:
    return MethodSpec.from_class(cls, name, path=path, verb=verb, config=config, func_binding=name)
