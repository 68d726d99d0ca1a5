"""The task headers of a request."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steamship_engine.control.schedule import Schedule, requested
from steamship_engine.model.errors import InvalidRequestError


@pytest.mark.parametrize(
    "headers", [{}, {"x-task-background": "false"}, {"x-task-background": ""}, {"x-task-dependency": " , "}]
)
def test_no_task(headers):
    """Without a header that says so, no task is wanted."""
    assert requested(headers) is None


def test_background():
    """`true`, in any case, asks for a task at once."""
    assert requested({"x-task-background": " True "}) == Schedule()


def test_dependencies_imply_a_task():
    """Ids are split at commas, blanks dropped, even where `background` says false."""
    assert requested({"x-task-dependency": "A, B,", "x-task-background": "false"}) == Schedule(("A", "B"))


def test_run_after_keeps_its_moment():
    """A moment with an offset is that moment."""
    later = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
    found = requested({"x-task-run-after": later.astimezone().isoformat()})
    assert found is not None
    assert found.run_after == later


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+14:00", "1970-01-01T00:00:00Z"])
def test_the_past_is_now(text):
    """A moment in the past means now."""
    found = requested({"x-task-run-after": text})
    assert found is not None
    assert found.run_after is not None
    assert abs(found.run_after - datetime.now(UTC)) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("X-Task-Run-After", "2024-01-31T10:00:00"),
        ("X-Task-Run-After", "tomorrow"),
        ("X-Task-Run-After", "9999-12-31T23:59:59-14:00"),
        ("X-Task-Background", "maybe"),
    ],
)
def test_what_cannot_be_read_is_named(header, value):
    """A wrong header is refused by its name and value."""
    with pytest.raises(InvalidRequestError) as caught:
        requested({header.lower(): value})
    assert header in caught.value.message
    assert f'"{value}"' in caught.value.message


@given(st.text(), st.text(), st.text())
def test_any_headers(background, needs, after):
    """No headers make the parser fail in any other way."""
    headers = {"x-task-background": background, "x-task-dependency": needs, "x-task-run-after": after}
    with contextlib.suppress(InvalidRequestError):
        requested(headers)
