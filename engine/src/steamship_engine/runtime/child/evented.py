"""A worker that runs several calls at once: each a task of an event loop on the main thread."""

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

from .answers import Answers, Reply
from .frames import Channel, Closed
from .incoming import Call, Incoming
from .output import Output
from .sending import Sending, reply_header


class Evented:
    """Answers up to `slots` calls at once; plain methods in `threads` threads, without any on the loop itself."""

    def __init__(
        self,
        channel: Channel,
        output: Output,
        answers: Answers,
        incoming: Incoming,
        *,
        slots: int,
        threads: int,
    ) -> None:
        self._channel, self._output = channel, output
        self._answers, self._incoming = answers, incoming
        self._slots, self._running = slots, 0
        self._pool = ThreadPoolExecutor(threads, "steamship-call") if threads else None
        self._loop = asyncio.new_event_loop()
        self._taken: dict[int, asyncio.Event] = {}
        self._ending = False
        self._failure: BaseException = Closed()
        output.tell_apart()

    def serve(self) -> None:
        """Answer until the engine is gone. Raises Closed."""
        asyncio.set_event_loop(self._loop)
        self._loop.add_reader(self._channel.fileno(), self._read)
        self._loop.call_soon(self._read)
        self._loop.run_forever()
        raise self._failure

    def _read(self) -> None:
        try:
            for frame in self._channel.arrived(wait=False):
                self._accept(self._incoming.accept(frame))
            self._start()
        except Closed:
            self._loop.stop()

    def _accept(self, call: "Call | None") -> None:
        """Something new about a call that is there: it may have been withdrawn, or may send more."""
        if call is None or call.task is None:
            return
        if call.id in self._taken:
            self._taken[call.id].set()
        if call.withdrawn and not call.cancelled:
            call.cancelled = True
            call.task.cancel()

    def _start(self) -> None:
        while self._incoming.waiting and self._running < self._slots and not self._ending:
            call = self._incoming.waiting.popleft()
            if call.withdrawn:
                self._incoming.drop(call)
                continue
            self._running += 1
            call.task = copy_context().run(self._loop.create_task, self._run(call))

    async def _run(self, call: Call) -> None:
        """The whole life of a call that has begun."""
        self._output.begin(call.id)
        try:
            await self._answer(call)
            self._output.end(call.id)
            self._incoming.forget(call)
            self._running -= 1
            if self._ending and not self._running:
                os._exit(0)
            self._start()
        except BaseException as error:
            self._failure = error
            self._loop.stop()

    async def _answer(self, call: Call) -> None:
        try:
            reply = await self._answers.answer_async(call, self._pool)
        except asyncio.CancelledError:
            reply = Reply(b"")
        self._ending = self._ending or reply.last
        if reply.is_small and not call.withdrawn:
            self._output.flush()
            self._channel.send_packed(reply_header(call.id, reply.head, more=False), reply.body)
        else:
            await self._send(call, reply)

    async def _send(self, call: Call, reply: Reply) -> None:
        """Send a reply of several parts for as long as it is wanted."""
        sending = Sending(self._channel, self._output, call, reply)
        try:
            async for content, more in sending.pieces_async():
                if call.withdrawn:
                    break
                await self._may_send(call)
                sending.part(content, more=more)
        except asyncio.CancelledError:
            # It was withdrawn: its parts are closed, and that is all.
            call.withdrawn = True
        finally:
            await sending.close_async()
        if not sending.complete:
            sending.break_off()

    async def _may_send(self, call: Call) -> None:
        """Wait until the engine takes another part."""
        while call.may_send <= 0:
            taken = self._taken[call.id] = asyncio.Event()
            try:
                await taken.wait()
            finally:
                del self._taken[call.id]
