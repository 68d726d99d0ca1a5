"""Calls on their way in: bodies put together, withdrawals and permissions to send noted."""

from collections import deque
from typing import Any

from .frames import Channel, Frame

_AT_FIRST = 2


class Call:
    """One call. `may_send` counts the parts of its reply that may be sent before the engine takes more."""

    __slots__ = ("_parts", "cancelled", "header", "id", "may_send", "task", "withdrawn")

    def __init__(self, header: "dict[str, Any]", body: bytes) -> None:
        self.header, self.id = header, header["id"]
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
        kind = header["type"]
        if kind == "call":
            call = Call(header, body)
            self._calls[call.id] = call
            if not header["more"]:
                self.waiting.append(call)
            return None
        found = self._calls.get(header.get("id", 0))
        if found is None:
            return None
        if kind == "take":
            found.may_send += 1
        elif kind == "withdraw" and not found.withdrawn:
            found.withdrawn = True
            if found.header["more"]:
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
        call.header["more"] = False
        self.waiting.append(call)
