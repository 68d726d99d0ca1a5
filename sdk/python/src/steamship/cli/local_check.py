"""Importing the author's class here, before anything is uploaded: most mistakes never leave the desk."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from steamship.base.error import DeployError
from steamship.cli.project import REQUIREMENTS_FILE, Project

TIME_LIMIT_S = 60.0
# The module sees neither keys nor settings of the person who deploys: the engine has none of them.
_KEPT_VARIABLES = (
    "PATH", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "SYSTEMROOT", "LD_LIBRARY_PATH",
)  # fmt: skip


@dataclass(frozen=True)
class Checked:
    """The code can be imported here. `doubt` says why that could not be found out, and the engine decides."""

    routes: int | None = None
    notes: tuple[str, ...] = ()
    doubt: str | None = None


def check(project: Project, time_limit_s: float = TIME_LIMIT_S) -> Checked:
    """Import and describe the project's class in a subprocess. Raises DeployError for what would fail there, too."""
    if project.is_original():
        return Checked(doubt="it is written on the original SDK")
    with tempfile.TemporaryDirectory(prefix="ship-check-") as scratch:
        found = _run(project.source.resolve(), Path(scratch), time_limit_s)
    if "kind" not in found:
        return Checked(found["routes"], tuple(found["notes"]))
    if found["kind"] == "module":
        return _missing_module(project, found)
    raise DeployError(_message(found), suggestion=found.get("suggestion") or _SUGGESTIONS.get(found["kind"]))


def _run(source: Path, scratch: Path, time_limit_s: float) -> dict[str, Any]:
    """What `check_run` found out."""
    home, result, printed = scratch / "home", scratch / "result.json", scratch / "printed"
    home.mkdir()
    command = [
        sys.executable,
        "-B",
        "-P",
        "-m",
        "steamship.cli.check_run",
        str(source),
        str(home),
        str(result),
    ]
    environment = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    with printed.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=home,
            env={**environment, "TMPDIR": str(scratch)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            code = process.wait(time_limit_s)
        except subprocess.TimeoutExpired:
            raise DeployError(
                f'"api.py" was not imported within {time_limit_s:g} s.',
                suggestion="Move what takes long from the module's top level into a method.",
            ) from None
        finally:
            _end(process)
    if result.is_file():
        found: dict[str, Any] = json.loads(result.read_text("utf-8"))
        return found
    said = printed.read_text("utf-8", errors="replace").strip().splitlines()
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
