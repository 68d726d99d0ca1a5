"""Who is calling, while a package's method runs.

One instance of the author's class serves every call of its worker, so nothing that belongs to a call
may live on it. The serving side enters a scope around each call; the client of the instance and
`self.context` read it. A thread that the author started has no scope of its own and works under the
key of the worker's last call.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar, Token
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from steamship.invocable.invocable_request import InvocationContext


class CallScope:
    """One call: the worker key it may use, its request id, and its invocation context.

    The context is `context` with the call's `headers`, if there are any; it is made when it is first asked for.
    """

    __slots__ = ("_context", "_headers", "key", "request_id")

    def __init__(
        self,
        key: str,
        request_id: str,
        context: InvocationContext,
        headers: Mapping[str, str] | Iterable[tuple[str, str]] | None = None,
    ) -> None:
        self.key, self.request_id = key, request_id
        self._context, self._headers = context, headers

    def __repr__(self) -> str:
        return f"CallScope(request_id={self.request_id!r})"

    @property
    def context(self) -> InvocationContext:
        """The invocation context."""
        if self._headers is not None:
            self._context = self._context.model_copy(update={"headers": dict(self._headers)})
            self._headers = None
        return self._context

    @property
    def accept(self) -> str | None:
        """The call's Accept header."""
        headers = self.context.headers or {}
        return next((value for name, value in headers.items() if name.lower() == "accept"), None)


_scope: ContextVar[CallScope | None] = ContextVar("steamship_call_scope", default=None)


@dataclass(slots=True)
class CallCredentials:
    """The key and request id that the client of one instance sends; both follow the current call."""

    last: CallScope | None = None

    @contextmanager
    def entered(self, scope: CallScope) -> Iterator[None]:
        """Make `scope` the current one within the block."""
        token = self.enter(scope)
        try:
            yield
        finally:
            self.leave(token)

    def enter(self, scope: CallScope) -> Token[CallScope | None]:
        """Make `scope` the current one in this context, until `leave`."""
        self.last = scope
        return _scope.set(scope)

    def leave(self, token: Token[CallScope | None]) -> None:
        """Undo what gave `token`."""
        _scope.reset(token)

    @property
    def key(self) -> str | None:
        """The worker key to send, or None before the first call."""
        scope = _scope.get() or self.last
        return None if scope is None else scope.key

    @property
    def request_id(self) -> str | None:
        """The request id of the current call; None outside one."""
        scope = _scope.get()
        return None if scope is None else scope.request_id


def current_context() -> InvocationContext | None:
    """The invocation context of the call that runs here, or None outside one."""
    scope = _scope.get()
    return None if scope is None else scope.context
