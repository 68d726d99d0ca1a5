"""Importing the author's class here, before anything is uploaded: most mistakes never leave the desk."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from steamship.base.error import DeployError
from steamship.cli.original_python import original_python
from steamship.cli.project import REQUIREMENTS_FILE, Project

TIME_LIMIT_S = 60.0
_RESULT, _PRINTED = "result.json", "printed"
# The module sees neither keys nor settings of the person who deploys: the engine has none of them.
_KEPT_VARIABLES = (
    "PATH", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "SYSTEMROOT", "LD_LIBRARY_PATH",
)  # fmt: skip
# Of the interpreter that runs `ship`, so not for another one.
_OURS = ("PYTHONHOME", "VIRTUAL_ENV")


@dataclass(frozen=True)
class Checked:
    """The code can be imported here. `doubt` says why that could not be found out, and the engine decides.

    `routes` is how many methods native code has, `template` the config template of original code.
    """

    routes: int | None = None
    doubt: str | None = None
    template: dict[str, Any] | None = None


class LocalCheck:
    """The check of one project, which runs beside whatever else is done in the block.

    `result()` gives its end. Leaving the block ends it. Code on the original SDK is imported by `python`,
    else by an environment that is active or in the project, where one has that SDK.
    """

    def __init__(
        self, project: Project, time_limit_s: float = TIME_LIMIT_S, *, python: Path | None = None
    ) -> None:
        self._project = project
        self._python = python
        self._limit = time_limit_s
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        """Start the subprocess, unless nothing here has the SDK that the code is written on."""
        self._scratch = Path(tempfile.mkdtemp(prefix="ship-check-"))
        command: list[str] | None = [sys.executable, "-B", "-P", "-m", "steamship.cli.check_run"]
        if self._project.is_original():
            self._python = self._python or original_python(self._project.folder)
            command = _original_command(self._python) if self._python is not None else None
        if command is not None:
            source = self._project.source.resolve()
            self._process = _start(command, source, self._scratch, original=self._project.is_original())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the subprocess with everything it has started, and remove what they left."""
        if self._process is not None:
            _end(self._process)
        shutil.rmtree(self._scratch, ignore_errors=True)

    def result(self) -> Checked:
        """What came out. Raises DeployError for what would fail in the engine, too."""
        if self._process is None:
            return Checked(doubt="nothing here has the original SDK that it is written on")
        code = _waited(self._process, self._limit)
        if code is None:
            raise DeployError(
                f'"api.py" was not imported within {self._limit:g} s.',
                suggestion="Move what takes long from the module's top level into a method.",
            )
        found = _found(self._scratch, code)
        if "kind" not in found:
            return Checked(found.get("routes"), template=found.get("template"))
        if found["kind"] == "no-sdk":
            return Checked(doubt=f'"{self._python}" does not have the original SDK: {found["message"]}')
        if found["kind"] == "module":
            return _missing_module(self._project, found)
        raise DeployError(
            _message(found), suggestion=found.get("suggestion") or _SUGGESTIONS.get(found["kind"])
        )


def _original_command(python: Path) -> list[str]:
    # Not as a script: beside it lie modules of ours that the other interpreter must not find.
    run = "import runpy, sys; sys.argv.pop(0); runpy.run_path(sys.argv[0], run_name='__main__')"
    return [str(python), "-B", "-c", run, str(Path(__file__).with_name("check_run.py"))]


def _start(command: list[str], source: Path, scratch: Path, *, original: bool) -> subprocess.Popen[bytes]:
    home = scratch / "home"
    home.mkdir()
    words = [*command, source, home, scratch / _RESULT, *(["original"] if original else [])]
    kept = [name for name in _KEPT_VARIABLES if not (original and name in _OURS)]
    environment = {name: os.environ[name] for name in kept if name in os.environ}
    with (scratch / _PRINTED).open("wb") as output:
        return subprocess.Popen(
            [str(word) for word in words],
            cwd=home,
            env={**environment, "TMPDIR": str(scratch)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _waited(process: subprocess.Popen[bytes], limit_s: float) -> int | None:
    """The process's exit code, once it has ended; None where it lives longer.

    `Popen.wait` with a time limit looks every 50 ms, without one it is told.
    """
    waiting = threading.Thread(target=process.wait, daemon=True)
    waiting.start()
    waiting.join(limit_s)
    return process.returncode


def _found(scratch: Path, code: int) -> dict[str, Any]:
    """What `check_run` wrote. Raises DeployError when the author's code ended it before it could."""
    result = scratch / _RESULT
    if result.is_file():
        found: dict[str, Any] = json.loads(result.read_text("utf-8"))
        return found
    said = (scratch / _PRINTED).read_text("utf-8", errors="replace").strip().splitlines()
    tail = "\n".join(said[-10:])
    raise DeployError(
        f'The import of "api.py" ended the interpreter ({_ending(code)}).' + (f"\n{tail}" if tail else ""),
        suggestion="Look for a library that crashes, or a call of os._exit, at the module's top level.",
    )


def _end(process: subprocess.Popen[bytes]) -> None:
    """End it with everything it has started; also when we were interrupted."""
    if os.name == "posix":
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()


def _ending(code: int) -> str:
    try:
        return signal.Signals(-code).name if code < 0 else f"exit code {code}"
    except ValueError:
        return f"signal {-code}"


def _missing_module(project: Project, found: dict[str, Any]) -> Checked:
    """Wrong for certain, unless requirements.txt names what is not installed here and may bring the module."""
    module = str(found["module"])
    where = f" ({found['place']})" if found.get("place") else ""
    if project.is_original():
        # What its environment lacks here, the one that the engine builds may have.
        return Checked(doubt=f"No module named '{module}'{where}")
    if module.partition(".")[0] == "steamship":
        raise DeployError(
            f"No module named '{module}'{where}: this SDK does not have it.",
            suggestion=f"Change the import, or put `steamship<3` into {REQUIREMENTS_FILE} to deploy on the original SDK.",
        )
    absent = [name for name, _ in project.requirements() if not _is_installed(name)]
    if absent:
        names = ", ".join(f'"{name}"' for name in absent[:3]) + (" and others" if len(absent) > 3 else "")
        verb = "is" if len(absent) == 1 else "are"
        return Checked(doubt=f"{names} of {REQUIREMENTS_FILE} {verb} not installed here")
    raise DeployError(
        f"No module named '{module}'{where}.",
        suggestion=f"Add the distribution that brings it to {REQUIREMENTS_FILE}.",
    )


def _is_installed(name: str) -> bool:
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        distribution(name)
    except PackageNotFoundError:
        return False
    return True


_SUGGESTIONS = {
    "syntax": "Mend that line.",
    "raised": "The engine imports the module as this check does: without your keys, home folder and variables.",
}


def _message(found: dict[str, Any]) -> str:
    where = f"{found['place']}: " if found.get("place") else ""
    if found["kind"] == "syntax":
        return f"{where}{found['message']}" + (f"\n  {found['text']}" if found.get("text") else "")
    if found["kind"] == "definition":
        return str(found["message"])
    trace = f"\n{found['trace'].rstrip()}" if found.get("trace") else ""
    return f'{where}"api.py" cannot be imported: {found["message"]}{trace}'
