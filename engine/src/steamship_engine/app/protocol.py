"""The HTTP server's protocol, with a short way for warm calls beside the way through ASGI.

A request whose head the gateway recalls (`gateway.warm`) is called and answered from the parser's and the future's
callbacks: no scope, no task, one write. Every other one takes the ASGI application's way. Which of the two a request
took is to be seen in nothing but the time.
"""

from __future__ import annotations

import asyncio
import time
from functools import partial
from typing import Any, ClassVar, Protocol

import msgspec
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from steamship_engine.app.access_log import AccessLog
from steamship_engine.app.heads import BoundedHeads
from steamship_engine.app.metrics import Metrics
from steamship_engine.gateway import plain
from steamship_engine.gateway.calls import LEFT
from steamship_engine.gateway.plain import Plain
from steamship_engine.gateway.repeats import Repeat
from steamship_engine.gateway.replies import Answer
from steamship_engine.gateway.warm import Warm, WarmCall
from steamship_engine.model.limits import GATEWAY
from steamship_engine.runtime.port import Reply

_REPEATS = 8
"""So often a head is kept on one connection: where it never comes again, to keep it is for nothing."""


class Application(Protocol):
    """What the ASGI application beside the short way has."""

    warm: Warm
    access_log: AccessLog
    metrics: Metrics


class _Nobody:
    """Stands for the event with which uvicorn wakes an application: nobody waits."""

    def set(self) -> None:
        """Wake nobody."""


class Turn(msgspec.Struct, eq=False):
    """One warm call's turn on its connection: what uvicorn's cycle is to an application."""

    call: WarmCall
    keep_alive: bool
    body: bytes = b""
    missing: int = 0
    future: asyncio.Future[Reply] | None = None
    disconnected: bool = False
    response_complete: bool = False
    message_event: ClassVar[_Nobody] = _Nobody()


class EngineProtocol(BoundedHeads):
    """Of a connection, at most one warm call is under way, and nothing else beside it: answers keep their order."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        application: Application = self.app
        self._warm = application.warm
        self._access_log, self._metrics = application.access_log, application.metrics
        self._turn: Turn | None = None
        self._answering: RequestResponseCycle | None = None
        self._fields: list[bytes] = []
        self._idle_since: float | None = None
        self._repeat: Repeat | None = None
        self._repeats_left = _REPEATS
        self._data = b""
        self._date: tuple[Any, bytes] = (None, b"")

    def data_received(self, data: bytes) -> None:
        """Asyncio's: bytes of the client."""
        turn = self._turn
        if turn is not None and turn.missing:
            data = self._complete(turn, data)
            if not data:
                return
        elif self._repeat is not None and self._repeated(self._repeat, data):
            return
        self._data = data
        super().data_received(data)
        self._data = b""

    def connection_lost(self, exc: Exception | None) -> None:
        """Asyncio's: the client has left."""
        super().connection_lost(exc)
        if self.timeout_keep_alive_task is not None:
            self.timeout_keep_alive_task.cancel()
        answering, turn = self._answering, self._turn
        if answering is not None and not answering.response_complete:
            # uvicorn tells the last of several requests only.
            answering.disconnected = True
            answering.message_event.set()
        if turn is not None:
            turn.disconnected = True
            if turn.future is not None:
                turn.future.cancel()
            else:
                self._warm.left(turn.call)
                self._tell(turn.call, LEFT)

    def on_message_begin(self) -> None:
        """The parser's: a request begins. What an application needs is made when one is asked."""
        self.url = b""
        self._fields = []
        self._begun_here = True

    def on_header(self, name: bytes, value: bytes) -> None:
        """The parser's: one header."""
        self._fields += (name, value)

    def on_headers_complete(self) -> None:
        """The parser's: a head has ended."""
        cycle: Any = self.cycle
        if (
            # Whole in one chunk, which bounds its size.
            self._begun_here
            and self._chunk <= GATEWAY.headers
            and (cycle is None or cycle.response_complete)
            and not self.flow.write_paused
            and self.parser.get_http_version() == "1.1"
        ):
            names, values = self._fields[::2], self._fields[1::2]
            head = plain.read(self.parser.get_method(), self.url, names, values)
            call = None if head is None else self._recall(head)
            if head is not None and call is not None:
                self._end_head()
                taken: Any = Turn(call, self.parser.should_keep_alive())
                self.cycle = self._turn = taken
                if self._repeats_left and self.parser.should_keep_alive():
                    self._repeats_left -= 1
                    self._repeat = Repeat.of(self._data, head, names, values)
                return
        self._ask_application()

    def on_body(self, body: bytes) -> None:
        """The parser's: a part of the body."""
        turn = self._turn
        if turn is not None and turn.future is None:
            turn.body += body
        else:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """The parser's: a request has ended, and another one may come."""
        turn = self._turn
        if turn is not None and turn.future is None:
            self._in_head = True
            self._begin(turn)
        else:
            super().on_message_complete()

    def on_response_complete(self) -> None:
        """An answer is out: the next request's turn, if there is one."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        if self.flow.read_paused:
            self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
            return
        self._idle_since = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self._await_next(self.timeout_keep_alive)

    def timeout_keep_alive_handler(self) -> None:
        """A timer's: close the connection if nothing has come for as long as that is allowed.

        One timer serves all requests that came since: to set and cancel one for each would cost more than
        many a call.
        """
        self.timeout_keep_alive_task = None
        if self._idle_since is None:
            return
        left_s = self._idle_since + self.timeout_keep_alive - self.loop.time()
        if left_s > 0:
            self._await_next(left_s)
        elif not self.transport.is_closing():
            self.transport.close()

    def _await_next(self, within_s: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(within_s, self.timeout_keep_alive_handler)

    def _unset_keepalive_if_required(self) -> None:
        self._idle_since = None

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._answering = cycle
        super()._start_asgi_task(cycle, app)

    def _repeated(self, repeat: Repeat, data: bytes) -> bool:
        """Take a request that is the last one again, without the parser; False for one that is not."""
        if self._head_size or not self._in_head or len(data) > GATEWAY.headers:
            return False
        if not self.cycle.response_complete or self.flow.write_paused:
            return False
        found = repeat.again(data)
        if found is None:
            self._repeat = None
            return False
        head, body, missing = found
        call = self._recall(head)
        if call is None:
            return False
        self._idle_since = None
        turn: Any = Turn(call, keep_alive=True)
        turn.body, turn.missing = body, missing
        self.cycle = self._turn = turn
        if not missing:
            self._begin(turn)
        return True

    def _recall(self, head: Plain) -> WarmCall | None:
        """The warm call that the head begins, if this client may make it so."""
        return self._warm.recall(head)

    def _complete(self, turn: Turn, data: bytes) -> bytes:
        """More of the body of a request that the parser does not see; what is left of `data` comes after it."""
        missing = turn.missing
        turn.body += data[:missing]
        turn.missing = max(0, missing - len(data))
        if not turn.missing:
            self._begin(turn)
        return data[missing:]

    def _ask_application(self) -> None:
        """Take the way through ASGI, from the beginning of the request on."""
        url, fields = self.url, self._fields
        super().on_message_begin()
        self.url = url
        for name, value in zip(fields[::2], fields[1::2], strict=True):
            super().on_header(name, value)
        super().on_headers_complete()

    def _begin(self, turn: Turn) -> None:
        try:
            future = self._warm.begin(turn.call, turn.body, self.client)
        except Exception as error:
            future = self.loop.create_future()
            future.set_exception(error)
        turn.future = future
        # Among the tasks that a stopping server waits for, and cancels when it has waited long enough.
        tasks: set[Any] = self.tasks
        tasks.add(future)
        future.add_done_callback(partial(self._ended, turn))

    def _ended(self, turn: Turn, future: asyncio.Future[Reply]) -> None:
        tasks: set[Any] = self.tasks
        tasks.discard(future)
        self._turn = None
        call = turn.call
        if turn.disconnected and future.cancelled():
            self._warm.left(call)
            self._tell(call, LEFT)
            return
        answer = self._warm.answer(call, future)
        if not isinstance(answer, Answer):
            self._stream(turn, answer)
            return
        if not turn.disconnected:
            self._write(turn, answer)
        self._tell(call, answer.status)
        if not turn.disconnected:
            self.on_response_complete()

    def _write(self, turn: Turn, answer: Answer) -> None:
        body = b"" if turn.call.head.is_head else answer.body
        closing = b"" if turn.keep_alive else b"connection: close\r\n"
        lines = (STATUS_LINE[answer.status], self._dated(), self._warm.lines(answer), closing, b"\r\n", body)
        self.transport.write(b"".join(lines))
        turn.response_complete = True
        if not turn.keep_alive:
            self.transport.close()

    def _dated(self) -> bytes:
        """The header fields of the server's own, which it changes once a second."""
        fields = self.server_state.default_headers
        if self._date[0] is not fields:
            self._date = fields, b"".join(b"%b: %b\r\n" % field for field in fields)
        return self._date[1]

    def _stream(self, turn: Turn, reply: Reply) -> None:
        """Send a reply that comes in parts, or more than one frame, as an application would."""
        call = turn.call
        cycle = RequestResponseCycle(
            scope={"type": "http", "method": call.head.place[0].decode()},  # type: ignore[typeddict-item]  # all it reads
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=False,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=False,
            keep_alive=turn.keep_alive,
            on_response=self.on_response_complete,
        )
        cycle.more_body = False
        cycle.disconnected = turn.disconnected
        current: Any = self.cycle
        if current is turn:
            self.cycle = cycle

        async def application(_scope: Any, receive: Any, send: Any) -> None:
            try:
                await self._warm.stream(call, reply, receive, send)
            finally:
                self._tell(call, reply.status)

        self._start_asgi_task(cycle, application)

    def _tell(self, call: WarmCall, status: int) -> None:
        """Have the call recorded, logged and counted as it ended."""
        took_s = time.perf_counter() - call.started
        verb = call.head.place[0].decode()
        self._warm.ended(call, took_s)
        request_id = "-" if status == LEFT else call.head.request_id
        self._access_log.note(verb, call.decision.shown, status, took_s, request_id)
        self._metrics.observe("gateway", verb, status, took_s)
