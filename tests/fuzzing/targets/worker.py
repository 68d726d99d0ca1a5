"""A worker's frames about the calls that it was sent. The first byte of an input says how the calls are."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

from hypothesis import strategies as st

from steamship_engine.model.errors import SteamshipError
from steamship_engine.model.limits import RUNTIME
from steamship_engine.model.version_limits import VersionLimits
from steamship_engine.runtime import call as calls
from steamship_engine.runtime import channel, frames, worker
from steamship_engine.runtime.call import UNREAD_PARTS, Call
from steamship_engine.runtime.chains import Chains
from steamship_engine.runtime.durations import Durations
from tests.fuzzing.frame_parts import BODIES, streams
from tests.fuzzing.target import Target, check_words
from tests.fuzzing.targets.channel import Socket
from tests.services.runtimes import instance_of, request

_REPLY_SIZE = 64
_SLOTS, _READS, _LEAVES = 1, 2, 4
_loop = asyncio.new_event_loop()


def check(data: bytes) -> None:
    """Each call ends once, with an answer or a typed error; one that had not begun is handed back."""
    loop_failures: list[str] = []
    _loop.set_exception_handler(lambda loop, context: loop_failures.append(repr(context)))
    _loop.run_until_complete(_tell(data[1:], data[0] if data else 0))
    assert loop_failures == [], loop_failures


class _Process:
    """A process that is there until it is killed."""

    alive, pid, why = True, 1, None

    def kill(self) -> None:
        self.alive = False


class _Pool:
    """What a call and a worker ask of their pool."""

    def __init__(self) -> None:
        self.limits, self.chains, self.durations = RUNTIME, Chains(), Durations()

    def withdraw(self, call: Call) -> None:
        if call.worker is not None:
            call.worker.post(frames.Withdraw(id=call.number))


async def _tell(data: bytes, how: int) -> None:
    pool, process, handed_back = _Pool(), _Process(), cast("list[Call]", [])
    version = SimpleNamespace(limits=VersionLimits(reply_size=_REPLY_SIZE), version_id="V")
    spec = instance_of(cast("Any", version))
    tested = worker.Worker(
        spec, cast("Any", process), RUNTIME, lambda line, call: None, lambda freed: None,
        lambda failed, unbegun: handed_back.extend(unbegun),
    )  # fmt: skip
    tested.channel.connection_made(Socket())
    tested.opened(3 if how & _SLOTS else 1)
    sent = [
        Call(_loop, cast("Any", pool), spec, request("POST", "/"), b"", more=False, timeout=60)
        for _ in range(2)
    ]
    for one in sent:
        tested.send(one)
    if how & _LEAVES:
        sent[0].cancel()
    half = len(data) // 2
    for part in (data[:half], data[half:]):
        tested.channel.data_received(part)
        if how & _READS:
            await _read_one_part(sent)
    _check_ends(tested, sent, handed_back)
    tested.fail(SteamshipError("over"))
    await asyncio.sleep(0)
    for one in sent:
        if one.done() and not one.cancelled() and one.exception() is None:
            await cast("Any", one.result().body).aclose()


async def _read_one_part(sent: list[Call]) -> None:
    for one in sent:
        if one.done() and not one.cancelled() and one.exception() is None:
            waiting = asyncio.ensure_future(anext(one.result().body, b""))
            await asyncio.sleep(0)
            if waiting.done():
                error = waiting.exception()
                assert error is None or isinstance(error, SteamshipError)
            else:
                waiting.cancel()
                await asyncio.wait([waiting])


def _check_ends(tested: worker.Worker, sent: list[Call], handed_back: list[Call]) -> None:
    failure = tested.channel.failure
    if failure is not None:
        assert isinstance(failure, SteamshipError)
        assert not tested.process.alive
        assert not tested.calls
    for one in sent:
        assert one.done() or one in tested.calls.values() or one in handed_back
        if not one.done() or one.cancelled():
            continue
        error = one.exception()
        if error is not None:
            assert isinstance(error, SteamshipError)
            check_words(error.message, error.suggestion)
        elif one._parts is not None:
            held = one._parts._parts
            assert len(held) <= UNREAD_PARTS
            assert sum(map(len, held)) <= _REPLY_SIZE


_inputs = st.builds(lambda how, data: bytes([how]) + data, st.integers(0, 7), streams(BODIES))

TARGET = Target("worker", check, _inputs, (worker, calls, channel, frames))
