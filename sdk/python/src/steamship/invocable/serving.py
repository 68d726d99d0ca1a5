"""What a worker calls: find the author's class, describe it, and serve one instance of it.

This surface is a contract with engines of every version and never changes; ARCHITECTURE.md has it.
"""

from __future__ import annotations

import inspect
import os
import threading
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextvars import copy_context
from dataclasses import replace
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

from steamship.base.call_scope import CallCredentials, CallScope
from steamship.base.error import InvalidRequestError, NotFoundError, PackageError, SteamshipError
from steamship.base.package_spec import MethodSpec
from steamship.invocable.arguments import MethodArguments, method_arguments
from steamship.invocable.class_spec import class_spec
from steamship.invocable.config_class import config_class
from steamship.invocable.definition import DefinitionError
from steamship.invocable.description import describe
from steamship.invocable.failures import described, failure, tellable
from steamship.invocable.instance_client import instance_client
from steamship.invocable.invocable import Invocable
from steamship.invocable.invocable_request import InvocationContext
from steamship.invocable.outcomes import Outcome, outcome_of
from steamship.invocable.package_service import PackageService
from steamship.invocable.redaction import Redactor, secret_values
from steamship.invocable.secrets_file import load_secrets
from steamship.utils.url import Verb

if TYPE_CHECKING:
    import asyncio

_VERBS = frozenset(Verb)

__all__ = ["DefinitionError", "Outcome", "Serving", "describe", "find_class"]


def find_class(module: ModuleType) -> type:
    """The one class defined in `module` that descends from PackageService.

    Raises DefinitionError when there is none, or more than one.
    """
    classes = [c for c in vars(module).values() if isinstance(c, type) and issubclass(c, PackageService)]
    own = list(dict.fromkeys(c for c in classes if c.__module__ == module.__name__))
    if len(own) == 1:
        return own[0]
    if own:
        names = ", ".join(f'"{c.__name__}"' for c in own)
        raise DefinitionError(
            f'"{module.__name__}.py" defines several packages: {names}.',
            "Keep one there and move the others, base classes too, to a module that it imports.",
        )
    imported = next((c.__name__ for c in classes if c is not PackageService), "PackageService")
    raise DefinitionError(
        f'"{module.__name__}.py" defines no package.',
        f"Write a class that descends from {imported} there.",
    )


class Serving:
    """One instance of a package, ready for calls.

    `instance` has `id, workspaceId, workspaceHandle, config, context, bases`. The class is constructed at
    the first call that needs it, and again after a constructor that raised.
    """

    def __init__(self, cls: type, instance: Mapping[str, Any]) -> None:
        self._cls = cls
        self._config = dict(instance.get("config") or {})
        self._context = InvocationContext.model_validate({"headers": {}, **(instance.get("context") or {})})
        self._credentials = CallCredentials()
        self._make_client: Callable[[], Any] = lambda: instance_client(instance, self._credentials)
        self._object: Invocable | None = None
        self._constructing = threading.Lock()
        self._arguments: dict[tuple[str, str], MethodArguments] = {}
        self._runner: asyncio.Runner | None = None
        self._redact: Redactor | None = None
        self._folder = _folder(cls)

    def call(
        self,
        verb: str,
        path: str,
        arguments: Mapping[str, Any],
        untyped: Iterable[str],
        context: Mapping[str, Any],
    ) -> Outcome:
        """Call the method at `verb` and `path`. Never raises.

        `arguments` are by name; those named in `untyped` came as text. `context` has `key`, `requestId`
        and `headers` (a mapping, or pairs).
        """
        try:
            headers = dict(context.get("headers") or {})
            called = self._context.model_copy(update={"headers": headers})
            scope = CallScope(context["key"], context["requestId"], called)
            with self._credentials.entered(scope):
                outcome = outcome_of(self._result(verb, path, arguments, untyped))
        except BaseException as error:
            return self._failed(error)
        if outcome.error is None:
            return outcome
        return replace(outcome, error=self._redacted(outcome.error))

    def _result(self, verb: str, path: str, arguments: Mapping[str, Any], untyped: Iterable[str]) -> Any:
        """What the method returned."""
        if MethodSpec.clean_path(path) == "/__dir__" and verb in _VERBS:
            return class_spec(self._cls).model_dump(mode="json", by_alias=True)
        made = self._constructed()
        method = made._package_spec.get_method(verb, path)
        if method is None:
            raise _Refusal(_no_handler(verb, path, made._package_spec.methods))
        function = method.get_bound_function(made)
        if function is None:
            raise PackageError(f'"{method.func_binding}" is no method of this object any more.')
        result = function(**self._bound(method, arguments, untyped))
        if isinstance(result, (Awaitable, AsyncIterator)):
            result = self._awaited(result)
        return result

    def _bound(
        self, method: MethodSpec, arguments: Mapping[str, Any], untyped: Iterable[str]
    ) -> dict[str, Any]:
        route = (method.verb, method.path)
        checks = self._arguments.get(route)
        if checks is None:
            checks = self._arguments[route] = method_arguments(self._cls, method)
        try:
            return checks.bind(arguments, untyped, " ".join(route))
        except InvalidRequestError as error:
            raise _Refusal(error) from None

    def _constructed(self) -> Invocable:
        with self._constructing:
            if self._object is None:
                # What the constructor keeps outlives the call: it sees a context without the call's headers.
                own = CallScope(
                    self._credentials.key or "", self._credentials.request_id or "", self._context
                )
                with self._credentials.entered(own):
                    self._object = self._new_object()
            return self._object

    def _new_object(self) -> Invocable:
        construct = cast("Callable[..., Invocable]", self._cls)
        if _looks_at_client(self._cls):
            return construct(client=self._make_client(), config=self._config, context=self._context)
        # Nothing of the author's looks at the client now: it is made when it is first asked for.
        made = construct(config=self._config, context=self._context)
        made._make_client = self._make_client
        return made

    def _awaited(self, pending: Any) -> Any:
        """What an `async def` comes to. All calls share one event loop, which runs while they do."""
        if self._runner is None:
            import asyncio

            self._runner = asyncio.Runner()
            weakref.finalize(self, self._runner.close)
        return self._runner.run(_finished(pending), context=copy_context())

    def _failed(self, error: BaseException) -> Outcome:
        if isinstance(error, _Refusal):
            told = error.refused
            return Outcome(told.http_status, error=self._redacted(described(told, deliberate=False)))
        try:
            status, about = failure(error, self._folder)
            return Outcome(status, error=self._redacted(about))
        except Exception:  # an exception that cannot even be looked at
            message = f"{type(error).__name__}: it could not be read."
            return Outcome(500, error=described(PackageError(message), deliberate=False))

    def _redacted(self, about: dict[str, Any]) -> dict[str, Any]:
        if self._redact is None:
            self._redact = Redactor(self._secrets())
        return tellable(about, self._redact)

    def _secrets(self) -> list[str]:
        try:
            return secret_values(config_class(self._cls), self._config, load_secrets(self._cls))
        except Exception:  # where the class or the file is broken, every value may be a secret
            return [value for value in self._config.values() if isinstance(value, str)]


class _Refusal(Exception):
    """A call that never reached the author's code."""

    def __init__(self, refused: SteamshipError) -> None:
        super().__init__()
        self.refused = refused


def _no_handler(verb: str, path: str, methods: list[MethodSpec]) -> NotFoundError:
    others = [method.verb for method in methods if method.path == MethodSpec.clean_path(path)]
    return NotFoundError(
        f"No handler for {verb} {path} available.",
        suggestion=f"Use {others[0]}." if others else "__dir__ lists the methods there are.",
    )


async def _finished(pending: Any) -> Any:
    result = await pending if isinstance(pending, Awaitable) else pending
    return [item async for item in result] if isinstance(result, AsyncIterator) else result


def _looks_at_client(cls: type) -> bool:
    """Whether the class has a constructor, or a `client`, of its own."""
    plain = (PackageService, Invocable, object)
    own = [vars(ancestor) for ancestor in cls.__mro__ if ancestor not in plain]
    return any("__init__" in names or "client" in names for names in own)


def _folder(cls: type) -> str:
    """Where the class's module lies; empty for a class typed into a REPL."""
    try:
        return os.path.dirname(os.path.abspath(inspect.getfile(cls)))
    except (TypeError, OSError):
        return ""
