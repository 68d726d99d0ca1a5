"""What the access log says of a request."""

from __future__ import annotations

import logging
import re

from msgspec.structs import replace

from steamship_engine.app.access_log import NAME, AccessLog, Line
from steamship_engine.app.line_writer import FORMAT

LINE = Line(1_700_000_000.5, "GET", "/a/b", 200, 0.00123, "R-1")


def test_a_line_has_the_form_of_all_others() -> None:
    """Moment, level, name, then verb, path, status, milliseconds and id, as logging itself would write it."""
    record = logging.LogRecord(NAME, logging.INFO, "", 0, "GET /a/b 200 1.2ms R-1", (), None)
    record.created, record.msecs = LINE.at, 500.0
    assert str(LINE) == logging.Formatter(FORMAT).format(record) + "\n"


def test_no_path_makes_two_lines() -> None:
    """What a client put into a path stays in its line, and is cut where it is long."""
    odd = str(replace(LINE, path="/a\n2026-11-24 INFO forged\x1b[0m\u202e\\"))
    assert odd.count("\n") == 1
    assert "/a\\n2026-11-24 INFO forged\\x1b[0m\\u202e\\\\ 200" in odd
    assert len(str(replace(LINE, path="/" + "x" * 10_000))) < 700


def test_health_checks_go_unmentioned() -> None:
    """Of a probe every second the log says nothing; of all else one line."""
    lines: list[Line] = []
    log = AccessLog(lines.append)
    for path in ("/livez", "/a", "/readyz", "/healthz"):
        log.note("GET", path, 200, 0.1, "R-1")
    assert [re.sub(r"^.*access: ", "", str(line)) for line in lines] == ["GET /a 200 100.0ms R-1\n"]
    AccessLog().note("GET", "/a", 200, 0.1, "R-1")
