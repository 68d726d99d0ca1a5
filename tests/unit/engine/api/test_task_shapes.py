"""What of a task's input is shown."""

from __future__ import annotations

from steamship_engine.api.tasks import redacted


def test_config_values_and_keys_are_not_shown():
    """The names of config parameters stay, their values and any key go; the rest is as it was sent."""
    shown = redacted({"handle": "x", "config": {"token": "canary", "n": 1}, "apiKey": "canary", "key": None})
    assert shown == {"handle": "x", "config": {"token": "***", "n": "***"}, "apiKey": "***", "key": None}


def test_what_is_no_object_is_shown_as_it_is():
    """An input that was overwritten with any JSON value is shown."""
    assert redacted([1]) == [1]
    assert redacted(None) is None
