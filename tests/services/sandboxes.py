"""The sandbox that tests of the runtime's own mechanics run packages in: none, so that they see the same process ids as their packages.

What a sandbox changes is tested in `tests/integration/engine/sandbox`; a whole engine takes the strongest that holds.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from steamship_engine.model.sandbox import SandboxMode
from steamship_engine.runtime.layers import Layers

UNCONFINED = Layers(SandboxMode.NONE)

NO_SANDBOX = {"sandbox": "none", "insecure_no_sandbox": True}
"""Flags of an engine whose packages tell a test something through files of the machine's."""


def own_number(pid: int) -> int:
    """What the process calls itself in `tests/packages`: see `own_number` there."""
    status = Path(f"/proc/{pid}/status").read_text()
    (inner,) = (line.split()[-1] for line in status.splitlines() if line.startswith("NSpid:"))
    return Path(f"/proc/{pid}/ns/pid").stat().st_ino % 2**28 << 22 | int(inner)


def runs(number: int) -> bool:
    """Whether there is a process of that number."""
    for folder in Path("/proc").glob("[0-9]*"):
        # Processes end while they are looked at.
        with suppress(OSError, ValueError):
            if own_number(int(folder.name)) == number:
                return True
    return False
