"""A zygote's first code, or a worker's that was started by itself.

Its modules are loaded under a name of their own, so that an author's `frames.py` or `child.py` is the author's.
"""

import importlib
import importlib.util
import os
import sys
from typing import Any

NAME = "_steamship_worker"


def main() -> None:
    """A zygote has its sockets as descriptors 3 and 4; a worker the engine's as standard input, to be moved to 3."""
    if sys.argv[1:] == ["zygote"]:
        _module("zygote").run(3, 4)
        return
    os.dup2(0, 3, inheritable=False)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    _module("loop").run(3)


def _module(name: str) -> Any:
    """A module of this folder's."""
    here = os.path.dirname(os.path.abspath(__file__))
    spec = importlib.util.spec_from_file_location(
        NAME, os.path.join(here, "__init__.py"), submodule_search_locations=[here]
    )
    if spec is None or spec.loader is None:
        raise ImportError(here)
    package = importlib.util.module_from_spec(spec)
    sys.modules[NAME] = package
    spec.loader.exec_module(package)
    return importlib.import_module(f"{NAME}.{name}")


if __name__ == "__main__":
    main()
