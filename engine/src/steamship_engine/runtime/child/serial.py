"""The usual life of a worker: one call after the other, in the order in which they came."""

import os
import time

from .answers import Answers, Reply
from .frames import Channel
from .incoming import Call, Incoming
from .output import Output
from .sending import Sending, quick_header

# After a call that took longer, in microseconds, it is looked whether the next one is still wanted.
_LONG = 1_000


class Serial:
    """Answers calls on the thread that it is given."""

    def __init__(self, channel: Channel, output: Output, answers: Answers, incoming: Incoming) -> None:
        self._channel, self._output = channel, output
        self._answers, self._incoming = answers, incoming

    def serve(self) -> None:
        """Answer until the engine is gone. Raises Closed."""
        while True:
            self.answer_arrived()

    def answer_arrived(self) -> None:
        """Wait for frames and answer what is whole."""
        waiting = self._incoming.waiting
        self._accept(wait=True)
        while waiting:
            took = self._run(waiting.popleft())
            if waiting and took > _LONG:
                self._accept(wait=False)

    def _accept(self, *, wait: bool) -> None:
        for frame in self._channel.arrived(wait=wait):
            self._incoming.accept(frame)

    def _run(self, call: Call) -> int:
        """Answer a call; for how many microseconds its method ran."""
        if call.withdrawn:
            self._incoming.drop(call)
            return 0
        self._output.call = call.id
        began = time.monotonic_ns()
        reply = self._answers.answer(call)
        took = (time.monotonic_ns() - began) // 1_000
        if reply.is_small:
            self._output.flush()
            self._channel.send_packed(quick_header(call.id, reply.head, took), reply.body)
        else:
            self._send(call, reply)
        self._output.call = 0
        self._incoming.forget(call)
        if reply.last:
            os._exit(0)
        return took

    def _send(self, call: Call, reply: Reply) -> None:
        """Send a reply of several parts for as long as it is wanted."""
        sending = Sending(self._channel, self._output, call, reply)
        try:
            for content, more in sending.pieces():
                if not self._may_send(call):
                    break
                sending.part(content, more=more)
        finally:
            sending.close()
        if not sending.complete:
            sending.break_off()

    def _may_send(self, call: Call) -> bool:
        """Wait until the engine takes another part; False where nobody wants it any more."""
        self._accept(wait=False)
        while not call.withdrawn and call.may_send <= 0:
            self._accept(wait=True)
        return not call.withdrawn
