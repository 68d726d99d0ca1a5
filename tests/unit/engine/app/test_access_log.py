"""The access log: what a line says, and who waits for it."""

from __future__ import annotations

import io
import re
import threading
import time

from steamship_engine.app.access_log import AccessLog, Line, text_of

LINE = Line(1_700_000_000.5, "GET", "/a/b", 200, 0.00123, "R-1")


class Pipe(io.StringIO):
    """A stream that nobody reads before `open` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.open = threading.Event()
        self.waited_for = threading.Event()

    def write(self, text: str) -> int:
        self.waited_for.set()
        self.open.wait(20)
        return super().write(text)


def test_a_line_has_the_form_of_all_others() -> None:
    """Moment, level, name, then verb, path, status, milliseconds and id."""
    text = text_of(LINE)
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,500 INFO steamship_engine\.access: GET /a/b 200 1\.2ms R-1\n", text
    )


def test_no_path_makes_two_lines() -> None:
    """What a client put into a path stays in its line, and is cut where it is long."""
    odd = text_of(LINE._replace(path="/a\n2026-11-24 INFO forged\x1b[0m\u202e\\"))
    assert odd.count("\n") == 1
    assert "/a\\n2026-11-24 INFO forged\\x1b[0m\\u202e\\\\ 200" in odd
    assert len(text_of(LINE._replace(path="/" + "x" * 10_000))) < 700


def test_lines_are_written_soon_and_at_the_end() -> None:
    """A line is there a moment later without anybody asking; closing writes the rest."""
    stream = io.StringIO()
    log = AccessLog(stream)
    log.start()
    log.note("GET", "/first", 200, 0.1, "R-1")
    until = time.monotonic() + 20
    while "/first" not in stream.getvalue():
        assert time.monotonic() < until, "nothing was written"
        time.sleep(0.01)
    log.note("GET", "/livez", 200, 0.1, "-")
    log.note("GET", "/last", 200, 0.1, "R-2")
    log.close()
    assert [line.split()[5] for line in stream.getvalue().splitlines()] == ["/first", "/last"]


def test_a_stream_that_takes_nothing_holds_nobody_up() -> None:
    """Requests go on while a terminal is stopped; lines beyond what may wait are lost, and their number is told."""
    stream = Pipe()
    log = AccessLog(stream)
    log.start()
    log.note("GET", "/stuck", 200, 0.1, "R-1")
    assert stream.waited_for.wait(20)
    for _ in range(20_007):
        log.note("GET", "/more", 200, 0.1, "R-2")
    stream.open.set()
    log.close()
    lines = stream.getvalue().splitlines()
    assert len(lines) == 20_002
    assert "WARNING" in lines[-1]
    assert " 7 more " in lines[-1]


def test_a_closed_stream_is_no_reason_to_stop() -> None:
    """When nobody can read the log any more, requests are served without it."""
    stream = io.StringIO()
    log = AccessLog(stream)
    stream.close()
    log.start()
    log.note("GET", "/a", 200, 0.1, "R-1")
    log.close()
    log.note("GET", "/b", 200, 0.1, "R-2")


def test_without_a_stream_nothing_is_kept() -> None:
    """An engine that logs warnings only keeps no lines."""
    log = AccessLog()
    log.start()
    log.note("GET", "/a", 200, 0.1, "R-1")
    assert not log._waiting
    log.close()
