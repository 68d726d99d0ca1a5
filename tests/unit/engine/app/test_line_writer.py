"""The thread that writes the log, and who waits for it."""

from __future__ import annotations

import io
import logging
import threading
import time

from steamship_engine.app.line_writer import LineWriter


class Pipe(io.StringIO):
    """A stream that takes nothing before `open` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.open = threading.Event()
        self.waited_for = threading.Event()

    def write(self, text: str) -> int:
        self.waited_for.set()
        self.open.wait(20)
        return super().write(text)


def until_written(stream: io.StringIO, text: str) -> None:
    until = time.monotonic() + 20
    while text not in stream.getvalue():
        assert time.monotonic() < until, "nothing was written"
        time.sleep(0.01)


def test_lines_are_written_soon_and_at_the_end() -> None:
    """A line is there a moment later without anybody asking; the end of the block writes the rest, in order."""
    stream = io.StringIO()
    with LineWriter(stream) as writer:
        writer.put("first\n")
        until_written(stream, "first")
        for number in range(100):
            writer.put(f"{number}\n")
    assert stream.getvalue().split() == ["first", *map(str, range(100))]


def test_records_of_logging_are_lines_too() -> None:
    """They stand among the others in the order in which they came, as they were when they came."""
    stream = io.StringIO()
    log = logging.getLogger("of.a.test")
    log.propagate = False
    told = ["before"]
    with LineWriter(stream) as writer:
        log.addHandler(handler := writer.handler())
        writer.put("one\n")
        log.warning("it is %s", told)
        told[0] = "after"
        writer.put("two\n")
        log.removeHandler(handler)
    one, record, two = stream.getvalue().splitlines()
    assert (one, two) == ("one", "two")
    assert record.endswith(" WARNING of.a.test: it is ['before']")


def test_a_stream_that_takes_nothing_holds_nobody_up() -> None:
    """Lines go on being put while a terminal is stopped; those beyond what may wait are lost, and their number is told."""
    stream = Pipe()
    with LineWriter(stream) as writer:
        writer.put("stuck\n")
        assert stream.waited_for.wait(20)
        for _ in range(20_007):
            writer.put("more\n")
        stream.open.set()
        until_written(stream, "WARNING")
    lines = stream.getvalue().splitlines()
    assert len(lines) == 20_002
    assert " 7 lines more " in lines[-1]


def test_the_end_does_not_wait_for_a_stream_for_ever() -> None:
    """An engine whose terminal is stopped stops all the same."""
    stream = Pipe()
    with LineWriter(stream) as writer:
        writer.put("stuck\n")
        assert stream.waited_for.wait(20)
    assert not stream.open.is_set()
    assert writer._thread.is_alive()
    stream.open.set()
    writer._thread.join(20)


def test_a_closed_stream_is_no_reason_to_stop() -> None:
    """When nobody can read the log any more, requests are served without it."""
    stream = io.StringIO()
    stream.close()
    with LineWriter(stream) as writer:
        writer.put("a\n")
    writer.put("b\n")
