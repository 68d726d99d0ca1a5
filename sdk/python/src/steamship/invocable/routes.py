"""`@get` and `@post`, and the routes that a class ends up with.

A decorator only leaves a mark on the function; the routes of a class are read off its ancestry when
they are first asked for, so that importing a package costs nothing here. A route binds a method by
name: a subclass that overrides the method keeps the route, decorated or not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from steamship.base.package_spec import MethodSpec
from steamship.invocable.definition import DefinitionError
from steamship.utils.url import Verb

F = TypeVar("F", bound=Callable[..., Any])

_MARKS = "__steamship_routes__"


@dataclass(frozen=True)
class Mark:
    """What a decorator said: `config` has the options that are str, bool, int or float."""

    verb: Verb
    path: str
    config: dict[str, str | bool | int | float] = field(default_factory=dict)


@dataclass(frozen=True)
class RouteMethod:
    """A marked method of a class, found under `name`."""

    name: str
    verb: Verb
    path: str
    config: dict[str, str | bool | int | float]


def endpoint(verb: str | None = None, path: str | None = None, **kwargs: Any) -> Callable[[F], F]:
    """Serve the method at `path` for `verb` (POST when None); see `post`."""
    config = {key: value for key, value in kwargs.items() if isinstance(value, (str, bool, int, float))}
    mark = Mark(Verb(verb or Verb.POST), MethodSpec.clean_path(path), config)

    def decorator(function: F) -> F:
        setattr(function, _MARKS, (mark, *getattr(function, _MARKS, ())))
        return function

    return decorator


def get(path: str, **kwargs: Any) -> Callable[[F], F]:
    """Serve the method at GET `path`; options as `post`."""
    return endpoint(verb=Verb.GET, path=path, **kwargs)


def post(path: str, **kwargs: Any) -> Callable[[F], F]:
    """Serve the method at POST `path`.

    Options: `public=True` lets callers in without a key; `timeout=SECONDS` ends a call that takes
    longer. Any other str, bool, int or float is kept in the method's `config`, as `__dir__` shows it.
    """
    return endpoint(verb=Verb.POST, path=path, **kwargs)


def find_route_methods(on_class: type) -> list[RouteMethod]:
    """The routes of a class: its own first, then what it inherits and does not replace.

    Raises DefinitionError when two methods of one class want the same route.
    """
    found: dict[tuple[Verb, str], RouteMethod] = {}
    for ancestor in on_class.__mro__:
        own: dict[tuple[Verb, str], RouteMethod] = {}
        for name, mark in _marks(ancestor):
            key = (mark.verb, mark.path)
            if key in own:
                raise DefinitionError(
                    f'"{own[key].name}" and "{name}" of class "{ancestor.__name__}" both serve '
                    f'"{mark.verb.value} {mark.path}".',
                    suggestion="Give one of them another path.",
                )
            if callable(getattr(on_class, name, None)):
                own[key] = RouteMethod(name, mark.verb, mark.path, mark.config)
        found = {**own, **found}
    return list(found.values())


def _marks(cls: type) -> Iterator[tuple[str, Mark]]:
    """The marks on a class's own methods; a name that is a second name of one method counts once."""
    seen: set[int] = set()
    for name, attribute in vars(cls).items():
        function = getattr(attribute, "__func__", attribute)
        marks = _own_marks(attribute) or _own_marks(function)
        if marks and id(function) not in seen:
            seen.add(id(function))
            yield from ((name, mark) for mark in marks)


def _own_marks(holder: object) -> tuple[Mark, ...]:
    """The marks on a function, or on the static or class method around one."""
    marks: tuple[Mark, ...] = getattr(holder, "__dict__", {}).get(_MARKS, ())
    return marks
