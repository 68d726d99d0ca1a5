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
from steamship.invocable.failures import failure, package_folder
from steamship.invocable.package_service import PackageService
from steamship.invocable.routes import post
from steamship.invocable.secrets_file import keep_secrets

_AT_ONCE = 100
_TIMES = 8
_NEEDED_LATER = ("steamship.client.steamship", "steamship.base.connections", "traceback", "tomllib")


def warm(cls: type) -> None:
    """Make what the first call of a worker would make: spec, checks of arguments, config class, client's class.

    The secrets file is read for good: in a bundle it does not change.

    Never raises: what is wrong with the class is told where it matters.
    """
    for name in _NEEDED_LATER:
        with suppress(Exception):
            importlib.import_module(name)
    with suppress(Exception):
        _rehearse()
    with suppress(Exception):
        failure(RuntimeError(), package_folder(cls))
        config_class(cls)
        keep_secrets(cls)
        for method in class_spec(cls).methods:
            with suppress(Exception):
                method_arguments(cls, method)


def slots(cls: type) -> int:
    """How many calls at once a worker of the class may run: many if a method is `async`, else one."""
    return _AT_ONCE if any(is_async(_function(cls, m)) for m in class_spec(cls).methods) else 1


def is_async(function: Any) -> bool:
    """Whether calling it begins something for an event loop, and does nothing else."""
    return inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)


def _rehearse() -> None:
    """Serve a class of ours a few times: CPython rewrites code that runs, which in a worker costs it memory."""
    from steamship.invocable.serving import Serving

    class Nothing(PackageService):
        @post("nothing")
        def nothing(self, name: str) -> str:
            return name

    bases = {"api": "http://localhost/", "app": "http://localhost/", "web": "http://localhost/"}
    instance = {
        "workspaceId": "none",
        "workspaceHandle": "none",
        "context": {"workspaceId": "none"},
        "bases": bases,
    }
    for _ in range(_TIMES):
        serving = Serving(Nothing, instance)
        for _ in range(_TIMES):
            serving.call("POST", "/nothing", {"name": "value"}, set(), {"key": "none", "requestId": "none"})


def _function(cls: type, method: MethodSpec) -> Any:
    binding = method.func_binding
    if isinstance(binding, MixinMethod):
        return getattr(binding.owner, binding.name, None)
    return getattr(cls, binding, None) if isinstance(binding, str) else binding
