"""The object of the author's class that answers the calls of one worker."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, cast

from steamship.base.call_scope import CallCredentials, CallScope
from steamship.base.error import InvalidRequestError, NotFoundError, PackageError, SteamshipError
from steamship.base.package_spec import MethodSpec
from steamship.invocable.arguments import MethodArguments, method_arguments
from steamship.invocable.class_spec import class_spec
from steamship.invocable.invocable import Invocable
from steamship.invocable.invocable_request import InvocationContext
from steamship.invocable.package_service import PackageService

_METHODS_REMEMBERED = 1_000


class Refusal(Exception):
    """A call that never reached the author's code."""

    def __init__(self, refused: SteamshipError) -> None:
        super().__init__()
        self.refused = refused


class _Checked(NamedTuple):
    """A method, what checks its arguments, and its route in words."""

    method: MethodSpec
    arguments: MethodArguments
    route: str


class ServedObject:
    """Constructed when it is first asked for, and again after a constructor that raised."""

    def __init__(
        self,
        cls: type,
        config: dict[str, Any],
        context: InvocationContext,
        credentials: CallCredentials,
        make_client: Callable[[], Any],
    ) -> None:
        self._cls, self._config, self._context = cls, config, context
        self._credentials, self._make_client = credentials, make_client
        self._constructing = threading.Lock()
        self._checked: dict[int, _Checked] = {}
        self.made: Invocable | None = None

    def constructed(self) -> Invocable:
        """The object. Raises what the constructor raises."""
        if self.made is not None:
            return self.made
        with self._constructing:
            if self.made is None:
                # What the constructor keeps outlives the call: it sees a context without the call's headers.
                own = CallScope(
                    self._credentials.key or "", self._credentials.request_id or "", self._context
                )
                with self._credentials.entered(own):
                    self.made = self._new_object()
            return self.made

    def bound(
        self, verb: str, path: str, arguments: Mapping[str, Any], untyped: Iterable[str]
    ) -> tuple[Callable[..., Any], dict[str, Any]]:
        """The function that serves a route, and its keyword arguments. Raises Refusal, PackageError."""
        made = self.constructed() if self.made is None else self.made
        spec = made._own_spec or class_spec(type(made))
        by_path = spec.method_mappings.get(verb)
        method = (by_path and by_path.get(path)) or spec.get_method(verb, path)
        if method is None:
            raise Refusal(_no_handler(verb, path, spec.methods))
        function = method.get_bound_function(made)
        if function is None:
            raise PackageError(f'"{method.func_binding}" is no method of this object any more.')
        known = self._checked.get(id(method))
        if known is None or known.method is not method:
            known = self._check(method)
        try:
            return function, known.arguments.bind(arguments, untyped, known.route)
        except InvalidRequestError as error:
            raise Refusal(error) from None

    def _check(self, method: MethodSpec) -> _Checked:
        """A method that is called for the first time: a route may be given to another one at any time."""
        made = _Checked(method, method_arguments(self._cls, method), f"{method.verb} {method.path}")
        if len(self._checked) >= _METHODS_REMEMBERED:
            self._checked.clear()
        self._checked[id(method)] = made
        return made

    def _new_object(self) -> Invocable:
        construct = cast("Callable[..., Invocable]", self._cls)
        if _looks_at_client(self._cls):
            return construct(client=self._make_client(), config=self._config, context=self._context)
        # Nothing of the author's looks at the client now: it is made when it is first asked for.
        made = construct(config=self._config, context=self._context)
        made._make_client = self._make_client
        return made


def _no_handler(verb: str, path: str, methods: list[MethodSpec]) -> NotFoundError:
    others = [method.verb for method in methods if method.path == MethodSpec.clean_path(path)]
    return NotFoundError(
        f"No handler for {verb} {path} available.",
        suggestion=f"Use {others[0]}." if others else "__dir__ lists the methods there are.",
    )


def _looks_at_client(cls: type) -> bool:
    """Whether the class has a constructor, or a `client`, of its own."""
    plain = (PackageService, Invocable, object)
    own = [vars(ancestor) for ancestor in cls.__mro__ if ancestor not in plain]
    return any("__init__" in names or "client" in names for names in own)
