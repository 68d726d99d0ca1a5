"""A worker's first code: put the socket on descriptor 3 and hand over to the loop.

Its modules are loaded under a name of their own, so that an author's `frames.py` or `child.py` is the author's.
"""

import importlib
import importlib.util
import os
import sys

NAME = "_steamship_worker"


def main() -> None:
    """Start the loop; standard input is the engine's socket."""
    os.dup2(0, 3, inheritable=False)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    here = os.path.dirname(os.path.abspath(__file__))
    spec = importlib.util.spec_from_file_location(
        NAME, os.path.join(here, "__init__.py"), submodule_search_locations=[here]
    )
    if spec is None or spec.loader is None:
        raise ImportError(here)
    module = importlib.util.module_from_spec(spec)
    sys.modules[NAME] = module
    spec.loader.exec_module(module)
    importlib.import_module(NAME + ".loop").run(3)


if __name__ == "__main__":
    main()
