"""A worker that answers one call after the other, driven without an engine."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.services.driven_child import DrivenChild, driven_child

MIB = 1024 * 1024
EVENTS = [["content-type", "application/json"], ["accept", "text/event-stream"], ["x-name", "a"]]

API = """
import os, time
from steamship.invocable import InvocableResponse, PackageService, get, post
from steamship.base.error import SteamshipError


class Steps(PackageService):
    ran = ()

    @post("note")
    def note(self, name: str) -> str:
        self.ran = (*self.ran, name)
        return name

    @post("noted")
    def noted(self) -> list:
        return list(self.ran)

    @post("wait")
    def wait(self, folder: str) -> str:
        open(os.path.join(folder, "begun"), "w").close()
        while not os.path.exists(os.path.join(folder, "go")):
            time.sleep(0.005)
        return "waited"

    @post("count")
    def count(self, to: int):
        try:
            for number in range(to):
                print(f"makes {number}")
                yield number
        finally:
            print(f"closed for {self.context.headers['x-name']}")

    @post("range")
    def range(self, to: int):
        yield from range(to)

    @post("big")
    def big(self, size: int) -> bytes:
        return b"b" * size

    @post("length")
    def length(self, text: str) -> int:
        return len(text)

    @post("breaks")
    def breaks(self, after: int, deliberate: bool = False):
        for number in range(after):
            yield number
        if deliberate:
            raise SteamshipError("No more of it.")
        raise RuntimeError("broke in the middle")

    @post("raw")
    def raw(self):
        return InvocableResponse(data=(text for text in ("ä", b"b", "c")), mime_type="text/x-parts")

    @post("hungry")
    def hungry(self):
        raise MemoryError("no bytes left")

    @post("unclosable")
    def unclosable(self):
        try:
            while True:
                yield 1
        finally:
            raise RuntimeError("broke at the end")
"""


@pytest.fixture
def child(tmp_path: Path) -> Iterator[DrivenChild]:
    """A worker with the class above."""
    (tmp_path / "api.py").write_text(API)
    with driven_child() as driven:
        assert driven.load(tmp_path) == {"type": "loaded", "slots": 1}
        yield driven


def test_calls_written_ahead_are_answered_in_order(child):
    """Eight calls that are all there before the first is answered are answered one by one, in their order."""
    for number in range(1, 9):
        child.call(number, "/note", {"name": f"n{number}"})
    assert [(got.id, got.body) for got in (child.frame() for _ in range(8))] == [
        (number, f"n{number}".encode()) for number in range(1, 9)
    ]
    child.call(9, "/noted", {})
    assert json.loads(child.frame().body) == [f"n{number}" for number in range(1, 9)]


def test_a_call_withdrawn_before_it_began_never_runs(child, tmp_path):
    """A call that waits behind another and is withdrawn is answered `withdrawn` in its turn; its method does not run."""
    child.call(1, "/wait", {"folder": str(tmp_path)})
    child.call(2, "/note", {"name": "unwanted"})
    child.call(3, "/noted", {})
    while not (tmp_path / "begun").exists():
        time.sleep(0.001)
    child.send("withdraw", id=2)
    (tmp_path / "go").touch()
    got = [child.frame() for _ in range(3)]
    assert [(frame.type, frame.id) for frame in got] == [("reply", 1), ("withdrawn", 2), ("reply", 3)]
    assert got[2].body == b"[]"


def test_a_call_withdrawn_while_others_wait_ahead_of_it_is_noticed(child, tmp_path):
    """A withdrawal that arrives while a long call runs, for one that was read before, is still in time."""
    child.call(1, "/note", {"name": "first"})
    child.call(2, "/wait", {"folder": str(tmp_path)})
    child.call(3, "/note", {"name": "unwanted"})
    assert child.frame().id == 1
    while not (tmp_path / "begun").exists():
        time.sleep(0.001)
    child.send("withdraw", id=3)
    (tmp_path / "go").touch()
    assert (child.frame().body, child.frame().type) == (b"waited", "withdrawn")


def test_a_body_may_be_withdrawn_in_the_middle(child):
    """A call whose body breaks off is answered `withdrawn`, and the next one has a body of its own."""
    child.call_with(1, "/length", b'{"text": "aaa', more=True)
    child.send("body", b"aaa", id=1, more=True)
    child.send("withdraw", id=1)
    child.call_with(2, "/length", b'{"text": "bb', more=True)
    child.send("body", b'bb"}', id=2, more=False)
    assert child.frame().header == {"type": "withdrawn", "id": 1}
    assert (child.frame().body) == b"4"


def test_a_withdrawal_of_what_was_answered_means_nothing(child):
    """Frames for a call that is over are ignored."""
    child.call(1, "/note", {"name": "a"})
    assert child.frame().id == 1
    child.send("withdraw", id=1)
    child.send("take", id=1)
    child.send("body", b"late", id=1, more=False)
    child.call(2, "/note", {"name": "b"})
    assert child.frame().id == 2


def test_a_reply_waits_until_its_parts_are_taken(child):
    """Of a long reply two parts come unasked, each further one when one was taken."""
    child.call(1, "/big", {"size": 4 * MIB})
    first, second = child.frame(), child.frame()
    assert (first.type, len(first.body), first.more) == ("reply", MIB, True)
    assert (second.type, len(second.body), second.more) == ("body", MIB, True)
    child.send("take", id=1)
    assert len(child.frame().body) == MIB
    child.send("take", id=1)
    last = child.frame()
    assert (len(last.body), last.more) == (MIB, False)


def test_nobody_is_sent_more_than_was_taken(child):
    """A reply that is withdrawn after one part was taken has sent three parts, whatever its length."""
    child.call(1, "/big", {"size": 100 * MIB})
    child.send("take", id=1)
    parts = [len(child.frame().body) for _ in range(3)]
    child.send("withdraw", id=1)
    assert parts == [MIB] * 3
    assert child.frame().header == {"type": "withdrawn", "id": 1}


def test_calls_that_arrive_while_a_reply_is_sent_are_kept(child):
    """What comes between two parts of a reply, a whole call or half of one, is answered after it."""
    child.call(1, "/big", {"size": 3 * MIB})
    child.frame(), child.frame()
    child.call(2, "/note", {"name": "later"})
    child.call_with(3, "/length", b'{"text": "aa', more=True)
    child.send("take", id=1)
    child.send("body", b'a"}', id=3, more=False)
    assert [child.frame().header["id"] for _ in range(3)] == [1, 2, 3]


def test_a_reply_of_exactly_one_frame_is_one_frame(child):
    """A body of one frame's size is sent whole, an empty one too."""
    child.call(1, "/big", {"size": MIB})
    got = child.frame()
    assert (len(got.body), got.more) == (MIB, False)
    child.call(2, "/big", {"size": 0})
    got = child.frame()
    assert (got.body, got.more) == (b"", False)


def test_a_generator_is_sent_as_it_yields(child):
    """Each event is a part, and no further item is made than was asked for; the last part is empty."""
    child.call(1, "/count", {"to": 3}, headers=EVENTS)
    first = child.frame()
    assert (first.body, first.more) == (b"data: 0\n\n", True)
    assert first.header["headers"][0] == ["content-type", "text/event-stream"]
    assert child.frame().body == b"data: 1\n\n"
    child.send("take", id=1)
    assert child.frame().body == b"data: 2\n\n"
    child.send("take", id=1)
    got = child.frame()
    assert (got.type, got.body, got.more) == ("body", b"", False)
    assert child.said()[-1] == (1, "info", "closed for a")


def test_items_of_an_array_go_together(child):
    """In a JSON array the first item goes at once, and those that come quickly after it in few parts."""
    child.call(1, "/range", {"to": 20_000})
    first = child.frame()
    assert (first.body, first.header["headers"]) == (b"[0", [["content-type", "application/json"]])
    parts = [first]
    while parts[-1].more:
        child.send("take", id=1)
        parts.append(child.frame())
    assert json.loads(b"".join(part.body for part in parts)) == list(range(20_000))
    assert len(parts) < 1_000


def test_a_generator_is_closed_when_its_caller_leaves(child):
    """A generator that waits to be taken is closed at once by a withdrawal, in its call's context; the next call goes on."""
    child.call(1, "/count", {"to": 1_000_000}, headers=EVENTS)
    child.frame(), child.frame()
    child.send("withdraw", id=1)
    assert child.frame().header == {"type": "withdrawn", "id": 1}
    assert child.said()[-1] == (1, "info", "closed for a")
    assert len([text for _, _, text in child.said() if text.startswith("makes")]) <= 3
    child.call(2, "/noted", {})
    assert child.frame().body == b"[]"


def test_what_a_generator_raises_at_its_end_is_logged(child):
    """An exception in a `finally` that a withdrawal runs is a log record; the worker goes on."""
    child.call(1, "/unclosable")
    child.frame()
    child.send("withdraw", id=1)
    while child.frame().type != "withdrawn":
        pass
    assert any(level == "error" and "broke at the end" in text for _, level, text in child.said())
    child.call(2, "/noted")
    assert child.frame().type == "reply"


def test_an_exception_before_the_first_item_is_an_error(child):
    """A generator that raises before it yields fails its call like any other method."""
    child.call(1, "/breaks", {"after": 0})
    got = child.frame()
    assert (got.type, got.header["status"], got.more) == ("reply", 500, False)
    assert got.header["error"]["message"] == "RuntimeError: broke in the middle"


def test_an_exception_in_the_middle_breaks_the_reply_off(child):
    """After a first item the answer ends unfinished, and the traceback is logged as an error."""
    child.call(1, "/breaks", {"after": 1})
    assert child.frame().body == b"[0"
    assert child.frame().header == {"type": "withdrawn", "id": 1}
    call, level, text = child.said()[-1]
    assert (call, level) == (1, "error")
    assert "api.py" in text
    assert "broke in the middle" in text


def test_an_event_stream_tells_of_an_error_in_the_middle(child):
    """With server-sent events the error is the last event, without what only the owner may read; the log has that."""
    child.call(1, "/breaks", {"after": 1}, headers=EVENTS)
    first, error, end = child.frame(), child.frame(), None
    child.send("take", id=1)
    end = child.frame()
    assert first.header["headers"][0] == ["content-type", "text/event-stream"]
    assert first.body == b"data: 0\n\n"
    head, _, data = error.body.partition(b"\ndata: ")
    assert head == b"event: error"
    assert json.loads(data)["status"] == {
        "state": "failed",
        "statusMessage": "The package failed.",
        "statusCode": "PackageError",
        "requestId": "R-1",
    }
    assert (end.body, end.more) == (b"", False)
    assert any("broke in the middle" in text for _, _, text in child.said())


def test_an_event_stream_tells_what_its_author_said(child):
    """A SteamshipError in the middle of an event stream is told with its message."""
    child.call(1, "/breaks", {"after": 1, "deliberate": True}, headers=EVENTS)
    child.frame()
    assert b'"statusMessage":"No more of it."' in child.frame().body


def test_a_response_streams_its_chunks(child):
    """Text and bytes of a response's iterator are sent as they are, under its type."""
    child.call(1, "/raw")
    first = child.frame()
    assert first.header["headers"] == [["content-type", "text/x-parts; charset=utf-8"]]
    child.send("take", id=1)
    child.send("take", id=1)
    assert first.body + b"".join(child.frame().body for _ in range(3)) == "äbc".encode()


def test_a_worker_out_of_memory_ends_after_its_answer(child):
    """A MemoryError that a method lets through has a code of its own; the process ends and begins no other call."""
    child.call(1, "/hungry")
    with suppress(BrokenPipeError):  # it may have ended by now
        child.call(2, "/note", {"name": "unlucky"})
    got = child.frame()
    assert (got.header["status"], got.header["error"]["code"]) == (502, "PackageMemory")
    assert child.ended() == 0
    with pytest.raises((EOFError, ConnectionError)):
        child.frame()
