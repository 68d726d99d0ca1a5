"""All attacks by name. Where one succeeds it leaves nothing behind and harms nobody: it proves that it could.

`run(name, given)` gives `{"verdict", "error", "seen"}`: `open` with the evidence, or `closed` with the errno's
name, or `broken` where the attack itself failed. `given` says what there is outside: paths, process ids, ports.
"""

import importlib

from .outcome import ATTACKS, run

for _name in ("files", "kernel", "memory", "mounts", "privileges", "processes", "sockets", "traces", "writes"):
    importlib.import_module(f"{__name__}.{_name}")

__all__ = ["ATTACKS", "run"]
