"""What Python's own modules do in every fork, and the little of it that a worker's birth needs.

`threading`, `logging` and `random` put themselves in order in each child. At a birth nothing is out of order: a
zygote has one thread, which holds no lock. What they would do costs more than half of the pages that a birth
copies, so it is left out there; all other forks, the author's above all, are done as Python does them.
"""

import importlib
import os
import sys
from collections.abc import Callable
from typing import Any

_MODULES = ("threading", "logging", "random")

Handlers = dict[str, Callable[[], object]]


class Forks:
    """Stands between these modules and the interpreter. Made before any of them was imported."""

    def __init__(self) -> None:
        self._handlers: list[Handlers] = []
        self._birth = False
        registering = os.register_at_fork
        os.register_at_fork = lambda **handlers: self._handlers.append(handlers)
        try:
            for name in _MODULES:
                importlib.import_module(name)
        finally:
            os.register_at_fork = registering
        os.register_at_fork(
            before=self._before, after_in_parent=self._in_parent, after_in_child=self._in_child
        )

    def bear(self) -> int:
        """As `os.fork`, for a worker: in a process of one thread that holds no lock. Raises OSError."""
        self._birth = True
        try:
            return os.fork()
        finally:
            self._birth = False

    def _before(self) -> None:
        if not self._birth:
            self._run("before", reversed(self._handlers))

    def _in_parent(self) -> None:
        if not self._birth:
            self._run("after_in_parent", self._handlers)

    def _in_child(self) -> None:
        if self._birth:
            _be_random()
        else:
            self._run("after_in_child", self._handlers)

    def _run(self, when: str, handlers: Any) -> None:
        for each in handlers:
            if when in each:
                each[when]()


def _be_random() -> None:
    """Two workers must not draw the same numbers."""
    random = sys.modules["random"]
    instance = random._inst
    super(random.Random, instance).seed()
    instance.gauss_next = None
