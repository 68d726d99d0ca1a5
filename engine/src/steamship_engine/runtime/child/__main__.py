"""A zygote's first code.

Its modules are loaded under a name of their own, so that an author's `frames.py` or `child.py` is the author's.
"""

import importlib
import os
import sys
from types import ModuleType
from typing import Any

NAME = "_steamship_worker"


def main() -> None:
    """Its sockets are descriptors 3 and 4; its arguments are the kind of the versions that it is for, and its sandbox."""
    package = ModuleType(NAME)
    package.__path__ = [os.path.dirname(os.path.abspath(__file__))]
    sys.modules[NAME] = package
    # Before anything is imported that asks to be told of forks.
    forks = _module("forking").Forks()
    kind, namespaces, landlock, users, program = sys.argv[1:]
    birth = _module("birth")
    sandbox = birth.Sandbox(namespaces == "1", landlock == "1", users == "1", bytes.fromhex(program))
    _module("zygote").run(3, 4, forks, sandbox, is_original=kind == "original")


def _module(name: str) -> Any:
    """A module of this folder's."""
    return importlib.import_module(f"{NAME}.{name}")


if __name__ == "__main__":
    main()
