"""What can be made of a class before there is an instance of it, once for all its workers."""

from __future__ import annotations

import importlib
import inspect
from contextlib import suppress
from typing import Any

from steamship.base.package_spec import MethodSpec
from steamship.invocable.arguments import method_arguments
from steamship.invocable.class_spec import MixinMethod, class_spec
from steamship.invocable.config_class import config_class

_AT_ONCE = 100
_NEEDED_LATER = ("steamship.client.steamship", "steamship.base.connections", "traceback", "tomllib")


def warm(cls: type) -> None:
    """Make what the first call of a worker would make: spec, checks of arguments, config class, client.

    Never raises: what is wrong with the class is told where it matters.
    """
    for name in _NEEDED_LATER:
        with suppress(Exception):
            importlib.import_module(name)
    with suppress(Exception):
        config_class(cls)
        for method in class_spec(cls).methods:
            with suppress(Exception):
                method_arguments(cls, method)


def slots(cls: type) -> int:
    """How many calls at once a worker of the class may run: many if a method is `async`, else one."""
    return _AT_ONCE if any(is_async(_function(cls, m)) for m in class_spec(cls).methods) else 1


def is_async(function: Any) -> bool:
    """Whether calling it begins something for an event loop, and does nothing else."""
    return inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)


def _function(cls: type, method: MethodSpec) -> Any:
    binding = method.func_binding
    if isinstance(binding, MixinMethod):
        return getattr(binding.owner, binding.name, None)
    return getattr(cls, binding, None) if isinstance(binding, str) else binding
