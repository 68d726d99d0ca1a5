"""Which Config class a package class names.

By `config_cls`: a classmethod, as is usual, or an instance method, a static method or the class itself,
as older packages have it. Or by annotating the attribute: `config: MyConfig`.
"""

from __future__ import annotations

import inspect
import sys
from types import FunctionType, SimpleNamespace
from typing import Any, get_type_hints

from steamship.invocable.config import Config
from steamship.invocable.definition import DefinitionError

_CACHE = "_steamship_config_class"


def config_class(cls: type) -> type[Config]:
    """The Config class of `cls`, asked for once per class. Raises DefinitionError when `config_cls` gives anything else."""
    known: type[Config] | None = vars(cls).get(_CACHE)
    if known is None:
        known = _named(cls)
        setattr(cls, _CACHE, known)
    return known


def _named(cls: type) -> type[Config]:
    raw = inspect.getattr_static(cls, "config_cls", None)
    named = raw
    if isinstance(raw, (classmethod, staticmethod)):
        named = raw.__get__(None, cls)()
    elif isinstance(raw, FunctionType):
        # An instance method is asked before there is an instance; it only names a class.
        named = raw(cls)
    if not (isinstance(named, type) and issubclass(named, Config)):
        raise DefinitionError(
            f'"config_cls" of class "{cls.__name__}" gives {named!r}, which is no subclass of Config.',
            suggestion="Return a class that descends from steamship.invocable.Config.",
        )
    return named


def annotated_config_class(cls: type) -> type[Config] | None:
    """The Config class that an annotation of `config` names, nearest first; None without one.

    Raises DefinitionError for an annotation that names what is not there.
    """
    for ancestor in cls.__mro__:
        named = _resolved(inspect.get_annotations(ancestor).get("config"), ancestor)
        if isinstance(named, type) and issubclass(named, Config):
            return named
    return None


def _resolved(annotation: Any, owner: type) -> Any:
    if not isinstance(annotation, str):
        return annotation
    module = sys.modules.get(owner.__module__)
    holder = SimpleNamespace(__annotations__={"config": annotation})
    try:
        return get_type_hints(holder, vars(module) if module else {}, dict(vars(owner)))["config"]
    except Exception as error:  # an annotation is the author's expression: it may raise anything
        raise DefinitionError(
            f'The annotation "config: {annotation}" of class "{owner.__name__}" cannot be read: {error}.',
            "Define that class at the top level of the module, or name it in a classmethod config_cls.",
        ) from error
