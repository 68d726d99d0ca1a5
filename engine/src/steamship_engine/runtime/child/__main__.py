"""A zygote's first code, or a worker's that was started by itself.

Its modules are loaded under a name of their own, so that an author's `frames.py` or `child.py` is the author's.
"""

import importlib
import os
import sys
from types import ModuleType
from typing import Any

NAME = "_steamship_worker"


def main() -> None:
    """A zygote has its sockets as descriptors 3 and 4; a worker the engine's as standard input, to be moved to 3."""
    package = ModuleType(NAME)
    package.__path__ = [os.path.dirname(os.path.abspath(__file__))]
    sys.modules[NAME] = package
    if sys.argv[1:] == ["zygote"]:
        # Before anything is imported that asks to be told of forks.
        forks = _module("forking").Forks()
        _module("zygote").run(3, 4, forks)
        return
    os.dup2(0, 3, inheritable=False)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    _module("loop").run(3)


def _module(name: str) -> Any:
    """A module of this folder's."""
    return importlib.import_module(f"{NAME}.{name}")


if __name__ == "__main__":
    main()
