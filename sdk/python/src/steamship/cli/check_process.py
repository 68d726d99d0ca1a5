"""The process in which the author's class is imported: started, told what to check, waited for, ended.

What takes it longest is the SDK's own import, which needs nothing of the project: `ahead` begins that before the
command line is even read.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

_RESULT, _PRINTED = "result.json", "printed"
# The module sees neither keys nor settings of the person who deploys: the engine has none of them.
_KEPT_VARIABLES = (
    "PATH", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "SYSTEMROOT", "LD_LIBRARY_PATH",
)  # fmt: skip
# Of the interpreter that runs `ship`, so not for another one.
_OURS = ("PYTHONHOME", "VIRTUAL_ENV")


class CheckProcess:
    """One process, in a scratch folder of its own. It checks one folder and ends."""

    def __init__(self, command: Sequence[str], *, without: Sequence[str] = ()) -> None:
        """Start it with these words of a command line, without these variables of ours."""
        self._scratch = Path(tempfile.mkdtemp(prefix="ship-check-"))
        kept = [name for name in _KEPT_VARIABLES if name not in without]
        try:
            with (self._scratch / _PRINTED).open("wb") as output:
                self._process = subprocess.Popen(
                    list(command),
                    cwd=self._scratch,
                    env={name: os.environ[name] for name in kept if name in os.environ},
                    stdin=subprocess.PIPE,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
        except BaseException:
            shutil.rmtree(self._scratch, ignore_errors=True)
            raise

    def check(self, folder: Path) -> None:
        """Have it import what lies in the folder."""
        home = self._scratch / "home"
        home.mkdir()
        order = {
            "folder": str(folder),
            "home": str(home),
            "temporary": str(self._scratch),
            "result": str(self._scratch / _RESULT),
        }
        assert self._process.stdin is not None, "it was started with a pipe"
        # One that has ended already is told as such when it is waited for.
        with suppress(BrokenPipeError), self._process.stdin as orders:
            orders.write(json.dumps(order).encode() + b"\n")

    def exit_code(self, within_s: float) -> int | None:
        """Its exit code once it has ended; None where it lives longer.

        `Popen.wait` with a time limit looks every 50 ms, without one it is told.
        """
        waiting = threading.Thread(target=self._process.wait, daemon=True)
        waiting.start()
        waiting.join(within_s)
        return self._process.returncode

    @property
    def result(self) -> str | None:
        """What `check_run` wrote; None where the author's code ended it before it could."""
        path = self._scratch / _RESULT
        return path.read_text("utf-8") if path.is_file() else None

    @property
    def printed(self) -> str:
        """What it printed."""
        return (self._scratch / _PRINTED).read_text("utf-8", errors="replace")

    def end(self) -> None:
        """End it with everything that it has started, also when we were interrupted, and remove what they left."""
        if os.name == "posix":
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
        else:
            self._process.kill()
        self._process.wait()
        if self._process.stdin is not None:
            with suppress(BrokenPipeError):
                self._process.stdin.close()
        shutil.rmtree(self._scratch, ignore_errors=True)


_ahead: list[CheckProcess] = []


@contextmanager
def ahead() -> Iterator[None]:
    """Have a process get ready beside what the block does; it ends with the block where nobody asked for it."""
    with suppress(OSError):  # whoever needs one tells why there is none
        _ahead.append(_for_native())
    try:
        yield
    finally:
        while _ahead:
            _ahead.pop().end()


def for_native() -> CheckProcess:
    """A process for code on this SDK: the one that was begun ahead, if there is one."""
    return _ahead.pop() if _ahead else _for_native()


def for_original(python: Path) -> CheckProcess:
    """A process for code on the original SDK, of an interpreter that has it."""
    # Not as a script: beside it lie modules of ours that the other interpreter must not find.
    run = "import runpy, sys; sys.argv.pop(0); runpy.run_path(sys.argv[0], run_name='__main__')"
    script = str(Path(__file__).with_name("check_run.py"))
    return CheckProcess([str(python), "-B", "-c", run, script, "original"], without=_OURS)


def _for_native() -> CheckProcess:
    return CheckProcess([sys.executable, "-B", "-P", "-m", "steamship.cli.check_run"])
