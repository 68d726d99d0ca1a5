"""Calls through the gateway: what they were made in, the tasks they become, and their records."""

from __future__ import annotations

import asyncio

from steamship_engine.model.errors import BusyError, PackageCrashedError
from steamship_engine.runtime.port import Reply, ReplyError
from tests.services.gateway_door import ALICE, CALL, Door, door, once, text_reply

__all__ = ["door"]


def test_a_worker_s_call_is_made_in_those_of_its_key(door: Door) -> None:
    """The calls that a key names and that live are above the new call, whose own key names them all."""
    door.knock("POST", "/space/bot/greet", key="alice-key")
    door.knock("POST", "/space/bot/greet", key="shipw_one")
    outermost, inner = door.runtime.requests
    assert (outermost.above, inner.above) == ((), (CALL,))
    assert door.minted == [(outermost.call,), (CALL, inner.call)]
    assert len({outermost.call, inner.call, CALL}) == 3


def test_keys_of_one_worker_are_looked_uponce(door: Door) -> None:
    """There is a key for each call, but the holder of all is asked for once."""

    async def scenario() -> None:
        for number in range(5):
            fields = [("host", "localhost"), ("authorization", f"Bearer shipw_{number}")]
            assert (await door._knock("POST", "/space/bot/greet", fields, b"")).status == 200

    asyncio.run(scenario())
    assert door.asked_holders == 1


def test_task_headers_make_a_task_of_a_call(door: Door) -> None:
    """The whole call is kept, without the caller's key, and the answer is the task's status."""
    headers = [("X-Task-Background", "true"), ("X-Task-Dependency", "A, B"), ("X-Custom", "kept")]
    answer = door.knock("POST", "/space/bot//greet?a=1", *headers, body=b"{}", key="alice-key")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    assert answer.failure["state"] == "waiting"
    assert answer.failure["requestId"] == answer.headers["x-request-id"]
    [(actor, call, when)] = door.accepted
    assert actor == ALICE
    assert (call.verb, call.path, call.query, call.body) == ("POST", "/greet", "a=1", b"{}")
    assert ("x-custom", "kept") in call.headers
    assert "alice-key" not in str(call)
    assert when.depends_on == ("A", "B")
    assert door.runtime.requests == []


def test_only_owners_leave_tasks_behind(door: Door) -> None:
    """A public method is called in the background by its instance's owner alone."""
    background = ("X-Task-Background", "true")
    assert door.knock("GET", "/@alice/space/bot/open", background).status == 401
    assert door.knock("GET", "/@alice/space/bot/open", background, key="bob-key").status == 403
    assert door.accepted == []
    assert door.knock("GET", "/@alice/space/bot/open", ("X-Task-Background", "false")).status == 200


def test_every_call_leaves_a_record(door: Door) -> None:
    """What was answered, refused by the package or crashed is recorded with its status; what was not called is not."""

    def crash() -> Reply:
        raise PackageCrashedError("It died.")

    def busy() -> Reply:
        raise BusyError("Full.")

    failed = ReplyError("PackageError", "No.")
    for reply in (text_reply, lambda: Reply(500, (), once(b""), failed), crash, busy):
        door.runtime.reply = reply
        door.knock("POST", "/space/bot/greet?secret=1", key="alice-key")
    door.knock("POST", "/space/bot/greet", key="bob-key")
    assert door.kept == [("POST", "/greet", status) for status in (200, 500, 502)]
