"""The child's modules compiled for each interpreter that runs them, so that not every zygote compiles them anew."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path

CHILD = Path(__file__).parent / "child"
_TIMEOUT = 60


class Compiling:
    """Compiles once for an interpreter; nobody waits for it, and where the folder cannot be written it is left."""

    def __init__(self) -> None:
        self._known: set[Path] = set()
        self._running: set[asyncio.Task[None]] = set()

    def begin(self, python: Path) -> None:
        """Have it done for the interpreter that `python` leads to."""
        real = python.resolve()
        if real not in self._known:
            self._known.add(real)
            task = asyncio.get_running_loop().create_task(asyncio.to_thread(_compile, real))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def close(self) -> None:
        """Wait for what runs."""
        await asyncio.gather(*self._running)


def _compile(python: Path) -> None:
    """Without the environment's own start-up code: this runs with the engine's rights."""
    command = [str(python), "-I", "-S", "-m", "compileall", "-q", str(CHILD)]
    try:
        subprocess.run(command, env={}, capture_output=True, timeout=_TIMEOUT, check=False)
    except (OSError, subprocess.SubprocessError):
        # It is compiled at each start then.
        return
