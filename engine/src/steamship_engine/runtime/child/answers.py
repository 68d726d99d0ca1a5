"""One call answered: its arguments read, the SDK asked, what it says made a reply."""

from typing import Any, NamedTuple

from . import arguments, loading, original, replies
from .frames import BODY
from .incoming import Call

MEMORY = "PackageMemory"


class Reply(NamedTuple):
    """`head` is the rest of a `reply` frame's header. `parts`, where there are any, come instead of `body`.

    After one that is `last` the process is of no more use.
    """

    head: bytes
    body: bytes = b""
    parts: Any = None
    last: bool = False

    @property
    def is_small(self) -> bool:
        """Whether it goes as one frame."""
        return self.parts is None and len(self.body) <= BODY


class Answers:
    """Answers calls of one instance with the SDK's help."""

    def __init__(self, author: loading.Author, serving: Any) -> None:
        self._serving, self._code = serving, author.code
        self._files_as_text = isinstance(author.sdk, original.Original)

    def answer(self, call: Call) -> Reply:
        """Run it to the end of its method. Never raises."""
        try:
            return _of_outcome(self._serving.call(*self._asked(call)))
        except BaseException as error:
            return self._failed(call, error)

    async def answer_async(self, call: Call, pool: Any) -> Reply:
        """Run it on the event loop, plain methods in `pool` if there is one. Raises CancelledError alone."""
        try:
            return _of_outcome(await self._serving.acall(*self._asked(call), pool))
        except Exception as error:
            return self._failed(call, error)

    def _asked(self, call: Call) -> "tuple[str, str, dict[str, Any], set[str], dict[str, Any]]":
        """What the contract's `call` takes. Raises BadRequest."""
        values, untyped = arguments.decode(
            call.verb, call.query, call.headers, call.body(), files_as_text=self._files_as_text
        )
        context = {"key": call.key, "requestId": call.request_id, "headers": dict(call.headers)}
        return call.verb, call.path, values, untyped, context

    def _failed(self, call: Call, error: BaseException) -> Reply:
        if isinstance(error, arguments.BadRequest):
            told = replies.failed(400, "InvalidRequest", error.message, suggestion=error.suggestion)
            return Reply(replies.packed(told))
        lost = isinstance(error, MemoryError)
        message = f"[ERROR - {call.verb} {call.path}] {type(error).__name__}: {error}"
        told = replies.failed(
            502 if lost else 500,
            MEMORY if lost else "PackageError",
            message,
            details=loading.details(error, self._code),
        )
        return Reply(replies.packed(told), last=lost)


def _of_outcome(outcome: Any) -> Reply:
    """What the SDK said. Raises ValueError and TypeError for what cannot be sent."""
    parts = getattr(outcome, "parts", None)
    if parts is None and not isinstance(outcome.body, bytes):
        raise TypeError(f"the SDK answered {type(outcome.body).__name__} for a body")
    error = outcome.error
    if error is not None:
        return Reply(
            replies.packed(replies.failed(outcome.status, **error)),
            outcome.body,
            last=error["code"] == MEMORY,
        )
    return Reply(replies.packed_success(outcome.status, outcome.headers), outcome.body, parts)
