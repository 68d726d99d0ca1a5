"""What a worker calls: find the author's class, describe it, and serve one instance of it.

This surface is a contract with engines of every version and never changes; ARCHITECTURE.md has it.
"""

from __future__ import annotations

import weakref
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping
from contextvars import Context, copy_context
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from steamship.base.call_scope import CallCredentials, CallScope
from steamship.base.error import PackageError
from steamship.base.package_spec import MethodSpec
from steamship.invocable.class_spec import class_spec
from steamship.invocable.config_class import config_class
from steamship.invocable.definition import DefinitionError
from steamship.invocable.description import describe
from steamship.invocable.failures import described, failure, package_folder, tellable, told_to_anybody
from steamship.invocable.finding import find_class
from steamship.invocable.instance_client import instance_client
from steamship.invocable.invocable_request import InvocationContext
from steamship.invocable.outcomes import Outcome, outcome_of, streamed
from steamship.invocable.redaction import Redactor, secret_values
from steamship.invocable.secrets_file import load_secrets
from steamship.invocable.served_object import Refusal, ServedObject
from steamship.invocable.streams import (
    AsyncItems,
    AsyncParts,
    AwaitedItems,
    Items,
    Parts,
    SteppedItems,
    is_cancelled,
)
from steamship.invocable.warming import is_async, slots, warm
from steamship.utils.url import Verb

if TYPE_CHECKING:
    import asyncio
    from concurrent.futures import Executor

_VERBS = frozenset(Verb)
# What most methods return: nothing to wait for, no stream, no failure.
_PLAIN = frozenset({str, dict, list, bytes, int, float, bool, type(None)})

__all__ = ["DefinitionError", "Outcome", "Serving", "describe", "find_class", "slots", "warm"]


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
        self._object = ServedObject(
            cls,
            self._config,
            self._context,
            self._credentials,
            lambda: instance_client(instance, self._credentials),
        )
        self._runner: asyncio.Runner | None = None
        self._redact: Redactor | None = None
        self._folder = package_folder(cls)

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
            scope = self._scope(context)
            token = self._credentials.enter(scope)
            try:
                result = self._directory(verb, path) if "__dir__" in path else None
                if result is None:
                    function, bound = self._object.bound(verb, path, arguments, untyped)
                    result = function(**bound)
                if type(result) in _PLAIN:
                    return outcome_of(result)
                if isinstance(result, Awaitable):
                    result = self._awaited(result)
                outcome = self._stream(result, scope) or outcome_of(result)
            finally:
                self._credentials.leave(token)
        except BaseException as error:
            return self._failed(error)
        return self._told(outcome)

    async def acall(
        self,
        verb: str,
        path: str,
        arguments: Mapping[str, Any],
        untyped: Iterable[str],
        context: Mapping[str, Any],
        pool: Executor | None = None,
    ) -> Outcome:
        """`call` on an event loop, in a task of its own in which the outcome's parts are read as well.

        Several may run at once. What is not `async` runs in `pool`, without one right here. Raises
        CancelledError alone, when the task was cancelled; a plain method runs to its end before that.
        """
        from steamship.invocable.stepping import step

        try:
            scope = self._scope(context)
            self._credentials.enter(scope)
            result = self._directory(verb, path) if "__dir__" in path else None
            if result is None:
                if self._object.made is None:
                    await step(pool, self._object.constructed)
                function, bound = self._object.bound(verb, path, arguments, untyped)
                if is_async(function):
                    result = function(**bound)
                else:
                    result = await step(pool, partial(function, **bound))
            if isinstance(result, Awaitable):
                result = await result
            if type(result) in _PLAIN:
                return outcome_of(result)
            outcome = await self._astream(result, scope, pool) or outcome_of(result)
        except BaseException as error:
            if is_cancelled(error):
                raise
            return self._failed(error)
        return self._told(outcome)

    def _scope(self, context: Mapping[str, Any]) -> CallScope:
        headers = context.get("headers") or ()
        return CallScope(context["key"], context["requestId"], self._context, headers)

    def _directory(self, verb: str, path: str) -> dict[str, Any] | None:
        """What `__dir__` answers, which is asked before there is an object; None for any other path."""
        if MethodSpec.clean_path(path) == "/__dir__" and verb in _VERBS:
            return class_spec(self._cls).model_dump(mode="json", by_alias=True)
        return None

    def _stream(self, result: Any, scope: CallScope) -> Outcome | None:
        """The outcome of what makes its answer step by step; None for what is there already."""
        found = streamed(result, scope)
        if found is None:
            return None
        items = _items(found.source, self._awaited)
        first = items.next()
        try:
            parts = Parts(items, found.framing, first, partial(self._broken, scope))
        except BaseException:
            items.close()
            raise
        return found.outcome(parts, first)

    async def _astream(self, result: Any, scope: CallScope, pool: Executor | None) -> Outcome | None:
        found = streamed(result, scope)
        if found is None:
            return None
        items = _async_items(found.source, pool)
        first = await items.next()
        try:
            parts = AsyncParts(items, found.framing, first, partial(self._broken, scope))
        except BaseException:
            await items.close()
            raise
        return found.outcome(parts, first)

    def _awaited(self, pending: Awaitable[Any], context: Context | None = None) -> Any:
        """What an `async def` comes to. All calls share one event loop, which runs while they do."""
        if self._runner is None:
            import asyncio

            self._runner = asyncio.Runner()
            weakref.finalize(self, _end, self._runner)
        return self._runner.run(_finished(pending), context=context or copy_context())

    def _told(self, outcome: Outcome) -> Outcome:
        return outcome if outcome.error is None else replace(outcome, error=self._redacted(outcome.error))

    def _failed(self, error: BaseException) -> Outcome:
        status, about = self._failure(error)
        return Outcome(status, error=about)

    def _broken(self, scope: CallScope, error: BaseException) -> tuple[dict[str, Any], str]:
        """What a stream that failed tells: anybody, and the log."""
        _, about = self._failure(error)
        return told_to_anybody(about, scope.request_id), about["details"] or about["message"]

    def _failure(self, error: BaseException) -> tuple[int, dict[str, Any]]:
        if isinstance(error, Refusal):
            told = error.refused
            return told.http_status, self._redacted(described(told, deliberate=False))
        try:
            status, about = failure(error, self._folder)
            return status, self._redacted(about)
        except Exception:  # an exception that cannot even be looked at
            message = f"{type(error).__name__}: it could not be read."
            return PackageError.http_status, described(PackageError(message), deliberate=False)

    def _redacted(self, about: dict[str, Any]) -> dict[str, Any]:
        if self._redact is None:
            self._redact = Redactor(self._secrets())
        return tellable(about, self._redact)

    def _secrets(self) -> list[str]:
        try:
            return secret_values(config_class(self._cls), self._config, load_secrets(self._cls))
        except Exception:  # where the class or the file is broken, every value may be a secret
            return [value for value in self._config.values() if isinstance(value, str)]


def _items(
    source: Iterator[Any] | AsyncIterator[Any], run: Callable[[Awaitable[Any], Context], Any]
) -> Items | AwaitedItems:
    return AwaitedItems(source, run) if isinstance(source, AsyncIterator) else Items(source)


def _async_items(
    source: Iterator[Any] | AsyncIterator[Any], pool: Executor | None
) -> AsyncItems | SteppedItems:
    from steamship.invocable.stepping import step

    return (
        AsyncItems(source) if isinstance(source, AsyncIterator) else SteppedItems(source, partial(step, pool))
    )


async def _finished(pending: Awaitable[Any]) -> Any:
    return await pending


def _end(runner: asyncio.Runner) -> None:
    """Close the runner of an object that nobody holds any more, wherever that is noticed."""
    import asyncio

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        runner.close()
    else:
        # Its tasks ended with its calls; nothing can run on it while another loop does.
        runner.get_loop().close()
