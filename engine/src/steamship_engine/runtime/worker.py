"""One worker: a process that has loaded one instance's code, and the calls that it has to answer."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable

from steamship_engine.model.errors import PackageCrashedError, PackageMemoryError, PackageTimeoutError
from steamship_engine.model.limits import RuntimeLimits
from steamship_engine.model.states import StopReason, WorkerState
from steamship_engine.runtime import endings, frames
from steamship_engine.runtime.call import Call
from steamship_engine.runtime.chains import Node
from steamship_engine.runtime.channel import Channel, ChannelClosed
from steamship_engine.runtime.durations import LONGEST_US
from steamship_engine.runtime.egress.traffic import Traffic
from steamship_engine.runtime.frames import FromWorker, Log, Replied, ReplyPart, Withdrawn
from steamship_engine.runtime.port import InstanceSpec, WorkerFacts
from steamship_engine.runtime.processes import WorkerProcess

# An enumeration's members cost more to look up than all else that is done with them here.
_IDLE, _BUSY, _DRAINING = WorkerState.IDLE, WorkerState.BUSY, WorkerState.DRAINING
_SHORT_US = 2_000
"""As long as the calls that a worker has are expected to take less than that, further ones are written ahead."""
_AT_FIRST_US = 1_000
_RUNNING_LONG = 0.01
_FIRST = 10
_WEIGHT = 0.25
_LAST_LINES = 20


class Worker:
    """A process and the channel to it, for calls of one instance.

    A `further` one is beyond the version's `max_workers`. With one slot, calls are answered in the order in which they were sent. `freed` is told when it may
    take another call, `failed` once, with the calls that it did not begin, when it is of no use any more.
    """

    def __init__(
        self,
        spec: InstanceSpec,
        process: WorkerProcess,
        limits: RuntimeLimits,
        on_log: Callable[[Log, Call | None], None],
        freed: Callable[[Worker], None],
        failed: Callable[[Worker, list[Call]], None],
    ) -> None:
        self.spec, self.process, self.limits = spec, process, limits
        self._on_log, self._freed, self._failed = on_log, freed, failed
        self._loop = asyncio.get_running_loop()
        self.channel = Channel(limits, self._log, self._channel_failed)
        self.traffic = Traffic()
        self.calls: dict[int, Call] = {}
        self.state = WorkerState.STARTING
        self.reason: StopReason | None = None
        self.detail: str | None = None
        self.ended_in: str | None = None
        self.slots = 1
        self.further = False
        self.count = 0
        self.used = self._started = self._since = self._loop.time()
        self._took: float = _AT_FIRST_US
        self._head_since = 0.0
        self._large = 0
        self._expected = 0.0
        self._proven = False
        self._spent = False
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0
        self._crashing: set[asyncio.Task[None]] = set()
        self.said: deque[str] = deque(maxlen=_LAST_LINES)

    def opened(self, slots: int) -> None:
        """It has loaded its code and takes calls. Raises PackageReplyError."""
        self.slots = max(1, min(slots, self.limits.slots))
        self.channel.route(self._frame)
        self._now(WorkerState.IDLE)

    @property
    def request_id(self) -> str | None:
        """The request of the call that it runs, or ran at its end; None where it is none, or not one alone."""
        calls = list(self.calls.values())
        return self.ended_in or _only(calls[:1] if self.slots == 1 else calls)

    @property
    def usable(self) -> bool:
        """Whether it can take a call, now or after others."""
        state = self.state
        return (state is _IDLE or state is _BUSY) and not self._spent and self.process.alive

    @property
    def free(self) -> bool:
        """Whether a call would begin at once."""
        return len(self.calls) < self.slots and self.usable

    def may_write_ahead(self, call: Call) -> bool:
        """Whether the call may be sent now though it will wait for others: all together they are short.

        The first call of a worker is not, whatever its method takes elsewhere: it makes the author's object.
        """
        return (
            self.slots == 1
            and self._proven
            and call.small
            and len(self.calls) < self.limits.ahead
            and self._expected < _SHORT_US
            and self.usable
            and not self._large
            and self._loop.time() - self._head_since < _RUNNING_LONG
        )

    def runs_long(self, now: float, seconds: float, waiting: int) -> bool:
        """Whether the call that runs has run so long, or so many calls like the last ones would."""
        took_s = self._took / 1_000_000
        if not self._proven:
            # Its first call makes the author's object, which another worker would have to make as well.
            seconds *= _FIRST
        return self.slots > 1 or now - self._head_since >= seconds or waiting * took_s >= seconds

    def send(self, call: Call) -> None:
        """Give it a call. One that fails in this moment tells so as ever."""
        self.count = call.number = self.count + 1
        call.worker = call.place = self
        call.attempts += 1
        request = call.request
        header = frames.Call(
            call.number,
            request.verb,
            request.path,
            request.query,
            request.headers,
            request.key,
            request.request_id,
            call.more,
        )
        now = self._loop.time()
        if not self.calls:
            self.state = _BUSY
            self._since = self._head_since = now
        if not self.calls or self.slots > 1:
            call.deadline = now + call.left
            self.watch(call)
        self.calls[call.number] = call
        call.expected_us = call.pool.durations.expected(request)
        self._expected += call.expected_us
        if not call.small:
            self._large += 1
        try:
            self.channel.post(frames.encode(header, call.body))
        except Exception as error:
            self.fail(error)
            return
        if call.sent is not None and not call.sent.done():
            call.sent.set_result(None)

    def post(self, header: frames.Take | frames.Withdraw) -> None:
        """Tell it something about a call; nothing happens where it has ended."""
        if self.channel.failure is None:
            self.channel.post(frames.encode(header))

    def ahead(self, call: Node) -> Iterable[Node]:
        """As `chains.Place`: with one slot, a call waits for those sent before it."""
        if self.slots > 1:
            return []
        before: list[Node] = []
        for other in self.calls.values():
            if other is call:
                break
            before.append(other)
        return before

    def watch(self, call: Call) -> None:
        """Look at the call's deadline when it comes."""
        at = call.deadline
        if at is None or (self._timer is not None and self._timer_at <= at):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at = at
        self._timer = self._loop.call_at(at, self._look)

    def drain(self, reason: StopReason, within: float) -> None:
        """Take no more calls, and end when those that run are answered, or after so many seconds."""
        if self.state in (WorkerState.DRAINING, WorkerState.STOPPED):
            return
        self.reason = reason
        if not self.calls:
            self.fail(endings.stopped(reason))
            return
        self._now(WorkerState.DRAINING)
        self._loop.call_later(within, self.fail, endings.stopped(reason))

    def fail(self, error: Exception, reason: StopReason | None = None) -> None:
        """End it; the calls that have begun raise `error`. What happened first counts."""
        if self.state is WorkerState.STOPPED:
            return
        self._now(WorkerState.STOPPED)
        self.reason = self.reason or reason or endings.reason_of(error)
        self.channel.fail(error)
        if self._timer is not None:
            self._timer.cancel()
        calls, self.calls = list(self.calls.values()), {}
        first = 0 if self._spent else 1
        begun, waiting = (calls[:first], calls[first:]) if self.slots == 1 else (calls, [])
        self.ended_in = _only(begun)
        for call in begun:
            call.pool.durations.learn(call.request, LONGEST_US)
        # A call whose body was not complete has not begun, but what was sent of it is gone.
        if isinstance(error, ChannelClosed):
            # It may be on its way out: its exit code is worth a moment's wait.
            task = self._loop.create_task(self._crashed(begun))
            self._crashing.add(task)
            task.add_done_callback(self._crashing.discard)
        else:
            self.process.kill()
            for call in begun:
                self._end(call)
                call.fail(self._told(call, error))
        self._failed(self, waiting)

    async def ended(self) -> None:
        """End the process and wait until nothing of it is left; may be asked several times."""
        self.fail(endings.stopped(self.reason or StopReason.ENGINE_STOPPING))
        for task in tuple(self._crashing):
            await asyncio.shield(task)
        await self.process.ended()

    def facts(self) -> WorkerFacts:
        """What can be told of it."""
        return WorkerFacts(
            instance_id=self.spec.instance_id,
            version_id=self.spec.version.version_id,
            pid=self.process.pid,
            state=self.state,
            since=_wall(self._since),
            started=_wall(self._started),
            calls=self.count,
            memory=self.process.memory() if self.process.alive else None,
            reason=self.reason,
            detail=self.detail,
            sent=self.traffic.sent,
            received=self.traffic.received,
        )

    def _frame(self, header: FromWorker, body: bytes) -> None:
        """A frame about a call. Raises PackageReplyError."""
        if type(header) is Replied:
            call = self._called(header.id)
            self._took += (min(header.took, LONGEST_US) - self._took) * _WEIGHT
            self._proven = True
            call.pool.durations.learn(call.request, header.took, failed=header.error is not None)
            call.replied(header, body)
            if not header.more:
                error = header.error
                spent = error is not None and error.code == PackageMemoryError.code
                self._spent = self._spent or spent
                self._done(call)
                if spent:
                    self._retire()
            else:
                # It is a stream, whatever its method was before.
                self._expected += LONGEST_US - call.expected_us
                call.expected_us = LONGEST_US
        elif type(header) is ReplyPart:
            call = self._called(header.id)
            call.part(header, body)
            if not header.more:
                self._done(call)
        elif type(header) is Withdrawn:
            call = self._called(header.id)
            if not call.abandoned:
                call.fail(endings.broke_off())
            self._done(call)
        else:
            raise frames.wrong_frame(f'"{type(header).__name__}" out of turn')

    def _called(self, number: int) -> Call:
        call = self.calls.get(number)
        if call is None or (self.slots == 1 and next(iter(self.calls)) != number):
            raise frames.wrong_frame("an answer out of turn")
        return call

    def _done(self, call: Call) -> None:
        del self.calls[call.number]
        self._expected -= call.expected_us
        if not call.small:
            self._large -= 1
        self._end(call)
        self.used = now = self._loop.time()
        if self.calls:
            if self.slots == 1:
                self._head_since = now
                head = next(iter(self.calls.values()))
                head.deadline = now + head.left
                self.watch(head)
        elif self.state is _DRAINING:
            self.fail(endings.stopped(self.reason))
            return
        else:
            self.state, self._since, self._expected = _IDLE, now, 0.0
        self._freed(self)

    def _retire(self) -> None:
        """It has run out of memory, and begins no other call."""
        if self.slots > 1 and self.calls:
            self.drain(StopReason.OVER_MEMORY, self.limits.drain)
        else:
            self.fail(endings.stopped(StopReason.OVER_MEMORY), StopReason.OVER_MEMORY)

    def _end(self, call: Call) -> None:
        call.worker = None
        call.pool.chains.leave(call)

    def _look(self) -> None:
        """End what is over its deadline."""
        self._timer = None
        now = self._loop.time()
        for call in tuple(self.calls.values()):
            if call.deadline is None:
                continue
            if call.deadline <= now:
                self._expire(call)
            else:
                self.watch(call)
            if self.slots == 1:
                break

    def _expire(self, call: Call) -> None:
        error = PackageTimeoutError(
            f'The call took longer than "{call.timeout:g}" seconds and was stopped.',
            suggestion="Allow a longer timeout, or run it as a background task.",
        )
        if self.slots > 1 and not call.abandoned:
            # Others run beside it: it may end alone, if it can be cancelled.
            call.fail(error)
            call.abandon()
            call.left = self.limits.cancel
            call.run(self._loop.time())
            self.watch(call)
        else:
            self.fail(error)

    def _told(self, call: Call, error: Exception) -> Exception:
        """The error as one call is told it: only the first was over its time, or answered wrongly."""
        if isinstance(error, PackageTimeoutError) and not (call.deadline or 0) <= self._loop.time():
            return PackageCrashedError(
                "The worker was ended because of another call that passed its deadline.",
                suggestion="Call again; the next call gets a new process.",
            )
        return error

    async def _crashed(self, begun: list[Call]) -> None:
        """Tell the calls that had begun how the process ended."""
        when = "in the middle of the call" if begun else "between two calls"
        error = await endings.crashed(self.process, when, self.said)
        self.reason, self.detail = endings.reason_of_exit(self.process), error.message
        for call in begun:
            self._end(call)
            call.fail(error)

    def _channel_failed(self, error: Exception) -> None:
        self.fail(error)

    def _now(self, state: WorkerState) -> None:
        self.state, self._since = state, self._loop.time()

    def _log(self, line: Log) -> None:
        self.said.append(line.message[: self.limits.log_line])
        self._on_log(line, self.calls.get(line.id))


def _only(calls: list[Call]) -> str | None:
    return calls[0].request.request_id if len(calls) == 1 else None


def _wall(moment: float) -> float:
    """A moment of the event loop's clock, in seconds since 1970."""
    return time.time() - asyncio.get_running_loop().time() + moment
