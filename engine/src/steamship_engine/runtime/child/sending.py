"""A reply of several parts on its way out."""

from collections.abc import AsyncIterator, Iterator

from . import loading
from .answers import Reply
from .frames import BODY, Channel
from .incoming import Call
from .output import Output


class Sending:
    """One call's reply. Whoever sends a part first makes sure that the call `may_send` it."""

    def __init__(self, channel: Channel, output: Output, call: Call, reply: Reply) -> None:
        self._channel, self._output = channel, output
        self._call, self._reply = call, reply
        self._begun = False
        self.complete = False

    def part(self, content: bytes, *, more: bool) -> None:
        """Send the next part, after what was printed before it."""
        self._output.flush()
        self._call.may_send -= 1
        if self._begun:
            header = body_header(self._call.id, more=more)
        else:
            self._begun = True
            header = reply_header(self._call.id, self._reply.head, more=more)
        self._channel.send_packed(header, content)
        self.complete = not more

    def break_off(self) -> None:
        """Say that nothing more comes of it."""
        self._output.flush()
        self._channel.send({"type": "withdrawn", "id": self._call.id})

    def pieces(self) -> "Iterator[tuple[bytes, bool]]":
        """What to send, and whether more follows; ends early, after a log record, where the parts do."""
        if self._reply.parts is None:
            yield from _with_more(self._reply.body)
            return
        try:
            for part in self._reply.parts:
                for piece in _slices(part):
                    yield piece, True
        except GeneratorExit:
            raise
        except BaseException as error:
            if not self._told(error):
                return
        yield b"", False

    async def pieces_async(self) -> "AsyncIterator[tuple[bytes, bool]]":
        """`pieces` of parts that are waited for. Raises CancelledError."""
        if self._reply.parts is None:
            for piece, more in _with_more(self._reply.body):
                yield piece, more
            return
        try:
            async for part in self._reply.parts:
                for piece in _slices(part):
                    yield piece, True
        except GeneratorExit:
            raise
        except BaseException as error:
            if self._call.withdrawn:
                raise
            if not self._told(error):
                return
        yield b"", False

    def close(self) -> None:
        """End the parts, of which no more is wanted."""
        try:
            if self._reply.parts is not None:
                self._reply.parts.close()
        except BaseException as error:
            self._told(error)

    async def close_async(self) -> None:
        """End parts that are waited for."""
        try:
            if self._reply.parts is not None:
                await self._reply.parts.aclose()
        except BaseException as error:
            self._told(error)

    def _told(self, error: BaseException) -> bool:
        """Log why the parts ended; whether the reply is complete all the same."""
        why = getattr(error, "details", None) or f"{type(error).__name__}: {error}"
        self._output.tell("error", loading.clean(str(why), loading.DETAILS))
        return bool(getattr(error, "complete", False))


def reply_header(call: int, head: bytes, *, more: bool) -> bytes:
    """The header of a `reply` frame; `head` as in `Reply`."""
    return b'{"type":"reply","id":%d,"more":%b,%b' % (call, b"true" if more else b"false", head)


def quick_header(call: int, head: bytes, took: int) -> bytes:
    """`reply_header` of a reply in one frame to a call that took so many microseconds."""
    return b'{"type":"reply","id":%d,"more":false,"took":%d,%b' % (call, took, head)


def body_header(call: int, *, more: bool) -> bytes:
    """The header of a `body` frame."""
    return b'{"type":"body","id":%d,"more":%b}' % (call, b"true" if more else b"false")


def _slices(content: bytes) -> "Iterator[bytes]":
    """The content in pieces that fit a frame; none of nothing."""
    view = memoryview(content)
    for start in range(0, len(content), BODY):
        yield bytes(view[start : start + BODY])


def _with_more(content: bytes) -> "Iterator[tuple[bytes, bool]]":
    """The slices of what is all there, each with whether another one follows."""
    left = len(content)
    for piece in _slices(content):
        left -= len(piece)
        yield piece, left > 0
