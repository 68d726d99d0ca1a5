"""What a fuzzing target is, and what every one of them asks of an error."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType

from hypothesis.strategies import SearchStrategy

_LONGEST = 2_000


@dataclass(frozen=True)
class Target:
    """A function that reads what strangers send.

    `check` raises for an input with which the function does not keep its word. `inputs` are such as come
    near to valid ones. `watched` are the modules whose lines tell how far an input got. One input may take
    `memory` bytes beyond what is proportional to it.
    """

    name: str
    check: Callable[[bytes], None]
    inputs: SearchStrategy[bytes]
    watched: tuple[ModuleType, ...]
    memory: int = 8 * 1024 * 1024


def check_words(*texts: str | None) -> None:
    """AssertionError for an error's texts that cannot be sent and stored, or that are more than a person reads."""
    for text in texts:
        assert text is None or len(text) <= _LONGEST
        assert text is None or text.encode("utf-8", "replace").decode() == text
