"""Who is calling, while a package's method runs.

One instance of the author's class serves every call of its worker, so nothing that belongs to a call
may live on it. The serving side enters a scope around each call; the client of the instance and
`self.context` read it. A thread that the author started has no scope of its own and works under the
key of the worker's last call.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from steamship.invocable.invocable_request import InvocationContext


@dataclass(frozen=True, slots=True)
class CallScope:
    """One call: the worker key it may use, its request id, and its invocation context."""

    key: str = field(repr=False)
    request_id: str
    context: InvocationContext


_scope: ContextVar[CallScope | None] = ContextVar("steamship_call_scope", default=None)


@dataclass(slots=True)
class CallCredentials:
    """The key and request id that the client of one instance sends; both follow the current call."""

    last: CallScope | None = None

    @contextmanager
    def entered(self, scope: CallScope) -> Iterator[None]:
        """Make `scope` the current one within the block."""
        self.last = scope
        token = _scope.set(scope)
        try:
            yield
        finally:
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
