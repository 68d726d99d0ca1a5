"""Starting one worker process, and ending it with everything it started.

The one place that knows how a worker comes to be: until the launcher exists, by exec of the environment's
interpreter on `runtime/child/`, in a session of its own, with a clean environment, one end of a socketpair
as standard input (which the child moves to descriptor 3) and every other descriptor closed.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO

from steamship_engine.runtime import trees

CHILD = Path(__file__).parent / "child"
_SAID = 2_000


class WorkerProcess:
    """A running worker. `socket` is the engine's end; `scratch` is removed by `ended`."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        engine_end: socket.socket,
        start_log: IO[bytes],
        scratch: Path,
    ) -> None:
        self._process = process
        self.socket = engine_end
        self._start_log = start_log
        self._scratch = scratch
        self._loop = asyncio.get_running_loop()
        self._exit: asyncio.Future[int] = self._loop.create_future()
        self._pidfd = os.pidfd_open(process.pid)
        self._loop.add_reader(self._pidfd, self._reap)

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """False once the process has ended and was reaped."""
        return not self._exit.done()

    def on_exit(self, told: Callable[[], object]) -> None:
        """Call `told` once the process has ended."""
        self._exit.add_done_callback(lambda _: told())

    def kill(self) -> None:
        """Kill the process and its group; nothing happens when it has ended."""
        if self.alive:
            self._kill_group()

    async def exit_code(self, within: float) -> int | None:
        """Its exit code, or minus the number of the signal that ended it; None when it still lives then."""
        done, _ = await asyncio.wait([self._exit], timeout=within)
        return self._exit.result() if done else None

    def said(self) -> str:
        """The last of what it printed before it was connected, such as a broken interpreter's complaint."""
        log = self._start_log.fileno()
        size = os.fstat(log).st_size
        return os.pread(log, _SAID, max(size - _SAID, 0)).decode(errors="replace").strip()

    async def ended(self) -> None:
        """Kill it, wait for it, and remove its scratch folder."""
        self.kill()
        await asyncio.shield(self._exit)
        self.socket.close()
        self._start_log.close()
        await asyncio.to_thread(trees.remove, self._scratch)

    def _reap(self) -> None:
        self._loop.remove_reader(self._pidfd)
        os.close(self._pidfd)
        # Before it is reaped its process id, and so its group, cannot belong to anybody else.
        self._kill_group()
        self._exit.set_result(self._process.wait())

    def _kill_group(self) -> None:
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return


def spawn(python: Path, scratch: Path) -> WorkerProcess:
    """Start a worker under the interpreter at `python`; it writes in the empty folder `scratch`.

    Called in the event loop's own thread: the kernel ends a worker when the thread that started it ends.
    Raises OSError when the interpreter cannot be executed.
    """
    engine_end, worker_end = socket.socketpair()
    # Without a name: what lies at a path in its scratch folder, the package may have put there.
    start_log = tempfile.TemporaryFile(dir=scratch, buffering=0)  # noqa: SIM115  # it lives as long as the worker
    try:
        for name in ("home", "tmp"):
            (scratch / name).mkdir(mode=0o755)
        with worker_end:
            process = subprocess.Popen(
                [str(python), "-I", "-B", str(CHILD / "__main__.py")],
                stdin=worker_end.fileno(),
                stdout=start_log,
                stderr=start_log,
                cwd=scratch,
                env=_environment(python, scratch),
                start_new_session=True,
            )
    except BaseException:
        engine_end.close()
        start_log.close()
        raise
    engine_end.setblocking(False)
    return WorkerProcess(process, engine_end, start_log, scratch)


def _environment(python: Path, scratch: Path) -> dict[str, str]:
    return {
        "HOME": str(scratch / "home"),
        "TMPDIR": str(scratch / "tmp"),
        "PATH": f"{python.parent}:/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
    }
