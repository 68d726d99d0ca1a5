"""How a process ended, in words for whoever waited for it."""

from __future__ import annotations

import signal

_OVER = {
    "memory": "took more memory than its version may",
    "processes": "had more processes and threads than its version may",
    "scratch": "wrote more to its scratch folder than its version may",
}


def in_words(code: int | None, why: str | None) -> str:
    """`ended with exit code "3"`: what goes behind the name of a process that is gone."""
    if why in _OVER:
        return f"{_OVER[why]}, and was stopped"
    if code is None:
        return "closed its connection to the engine"
    if code >= 0:
        return f'ended with exit code "{code}"'
    return f'was ended by signal "{signal_name(-code)}"'


def signal_name(number: int) -> str:
    """`SIGKILL`, or the number where it has no name."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)
