"""What one worker is sent ahead of its turn, on a channel that a test answers."""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest

from steamship_engine.model.limits import RUNTIME
from steamship_engine.model.version_limits import VersionLimits
from steamship_engine.runtime.call import Call
from steamship_engine.runtime.chains import Chains
from steamship_engine.runtime.channel import ChannelClosed
from steamship_engine.runtime.durations import LONGEST_US, Durations
from steamship_engine.runtime.worker import Worker
from tests.services.runtimes import instance_of, request

ERROR = {"code": "InvalidRequest", "message": "No.", "suggestion": None, "details": None, "deliberate": False}


class Line(asyncio.Transport):
    """A channel's transport that takes everything."""

    def is_closing(self) -> bool:
        return False

    def is_reading(self) -> bool:
        return True

    def abort(self) -> None:
        return

    def write(self, data: Any) -> None:
        return


class Bench:
    """A worker with one slot, of a pool whose methods take as long as was learnt."""

    def __init__(self) -> None:
        self.pool: Any = SimpleNamespace(limits=RUNTIME, chains=Chains(), durations=Durations())
        self.spec = instance_of(cast("Any", SimpleNamespace(limits=VersionLimits(), version_id="V")))
        self.loop = asyncio.get_running_loop()
        self.worker = self.another()

    def another(self) -> Worker:
        process: Any = SimpleNamespace(alive=True, pid=1, why=None, kill=lambda: None)
        made = Worker(
            self.spec,
            process,
            RUNTIME,
            lambda line, call: None,
            lambda freed: None,
            lambda failed, calls: None,
        )
        made.channel.connection_made(Line())
        made.opened(1)
        return made

    def call(self, path: str = "/quick") -> Call:
        return Call(self.loop, self.pool, self.spec, request("POST", path), b"", more=False, timeout=60)

    def send(self, path: str = "/quick") -> Call:
        call = self.call(path)
        self.worker.send(call)
        return call

    def keep_busy(self, path: str = "/quick") -> None:
        """Send a call that is not answered yet."""
        _ = self.send(path)

    def reply(self, call: Call, **changes: Any) -> None:
        header = {"type": "reply", "id": call.number, "status": 200, "headers": [], "more": False, "took": 20}
        packed = json.dumps({**header, "error": None, **changes}).encode()
        self.worker.channel.data_received(struct.pack(">II", len(packed), 0) + packed)

    def may(self) -> bool:
        """Whether a further call would be written ahead."""
        return self.worker.may_write_ahead(self.call())


def on_bench(work: Callable[[Bench], Any]) -> None:
    """Run a test's body in an event loop."""

    async def run() -> None:
        work(Bench())

    asyncio.run(run())


def test_short_calls_are_sent_ahead_up_to_a_number() -> None:
    """After a first answer a worker is sent what is expected to be short, as many as the limit says."""

    def work(one: Bench) -> None:
        one.reply(one.send())
        for _ in range(RUNTIME.ahead):
            assert one.may()
            one.keep_busy()
        assert not one.may()

    on_bench(work)


def test_a_new_worker_gets_one_call_first() -> None:
    """Its first call makes the author's object, however short the method is known to be."""

    def work(one: Bench) -> None:
        one.reply(one.send())
        one.worker = one.another()
        first = one.send()
        assert not one.may()
        one.reply(first)
        one.keep_busy()
        assert one.may()

    on_bench(work)


@pytest.mark.parametrize("took", [LONGEST_US, 3_000])
def test_nobody_is_sent_behind_a_method_that_was_slow(took: int) -> None:
    """Other methods being short does not help."""

    def work(one: Bench) -> None:
        one.reply(one.send())
        one.reply(one.send("/slow"), took=took)
        one.keep_busy("/slow")
        assert not one.may()

    on_bench(work)


def test_what_was_refused_soon_makes_no_method_short() -> None:
    """Bad requests to a slow method are answered at once; a good one is still waited for by nobody."""

    def work(one: Bench) -> None:
        for _ in range(40):
            one.reply(one.send("/slow"), status=400, error=ERROR)
        one.keep_busy("/slow")
        assert not one.may()

    on_bench(work)


def test_nobody_is_sent_behind_an_answer_that_turned_out_to_be_a_stream() -> None:
    """From its first part on, the method's calls are long ones."""

    def work(one: Bench) -> None:
        one.reply(one.send())
        streaming = one.send()
        assert one.may()
        one.reply(streaming, more=True)
        assert not one.may()

    on_bench(work)


def test_a_call_that_ended_its_worker_was_long() -> None:
    """A method that crashed a worker is written ahead to none of the next ones, until it has been short for a while."""

    def work(one: Bench) -> None:
        one.reply(one.send())
        one.keep_busy()
        one.worker.fail(ChannelClosed())
        assert one.pool.durations.expected(request("POST", "/quick")) == LONGEST_US

    on_bench(work)
