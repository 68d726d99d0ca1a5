"""Calls on their way in: bodies put together, withdrawals and permissions to send noted."""

from collections import deque
from typing import Any

from .frames import Channel, Frame

_AT_FIRST = 2


class Call:
    """One call. `may_send` counts the parts of its reply that may be sent before the engine takes more.

    Its header is a list, for to read the names of its fields would take as long as to read the fields.
    """

    __slots__ = (
        *("id", "verb", "path", "query", "headers", "key", "request_id", "more"),
        *("_parts", "cancelled", "may_send", "task", "withdrawn"),
    )

    def __init__(self, header: "list[Any]", body: bytes) -> None:
        _, self.id, self.verb, self.path, self.query, self.headers, self.key, self.request_id, self.more = (
            header
        )
        self.may_send = _AT_FIRST
        self.withdrawn = self.cancelled = False
        self.task: Any = None
        self._parts = [body]

    def add(self, part: bytes) -> None:
        """The next part of its body."""
        self._parts.append(part)

    def body(self) -> bytes:
        """All of its body."""
        return self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)


class Incoming:
    """Frames of calls, sorted. `waiting` has the calls that may begin, in the order in which they became whole.

    A call that was withdrawn before it was whole waits too, so that it is answered in its turn.
    """

    def __init__(self, channel: Channel) -> None:
        self.waiting: deque[Call] = deque()
        self._channel = channel
        self._calls: dict[int, Call] = {}

    def accept(self, frame: Frame) -> "Call | None":
        """Note one frame; the call of which it says something, unless it is the call's first."""
        header, body = frame
        if type(header) is list:
            call = Call(header, body)
            self._calls[call.id] = call
            if not call.more:
                self.waiting.append(call)
            return None
        kind = header["type"]
        found = self._calls.get(header.get("id", 0))
        if found is None:
            return None
        if kind == "take":
            found.may_send += 1
        elif kind == "withdraw" and not found.withdrawn:
            found.withdrawn = True
            if found.more:
                self._whole(found)
        elif kind == "body" and not found.withdrawn:
            found.add(body)
            if not header["more"]:
                self._whole(found)
        return found

    def drop(self, call: Call) -> None:
        """A call that was withdrawn before it began: say so, and forget it."""
        self.forget(call)
        self._channel.send({"type": "withdrawn", "id": call.id})

    def forget(self, call: Call) -> None:
        """It is over."""
        self._calls.pop(call.id, None)

    def _whole(self, call: Call) -> None:
        call.more = False
        self.waiting.append(call)
