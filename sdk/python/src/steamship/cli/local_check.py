"""Importing the author's class here, before anything is uploaded: most mistakes never leave the desk."""

from __future__ import annotations

import json
import signal
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from steamship.base.error import DeployError
from steamship.cli.check_process import CheckProcess, for_native, for_original
from steamship.cli.original_python import original_python
from steamship.cli.project import REQUIREMENTS_FILE, Project

TIME_LIMIT_S = 60.0


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
        self._process: CheckProcess | None = None

    def __enter__(self) -> Self:
        """Start the process, unless nothing here has the SDK that the code is written on."""
        if not self._project.is_original():
            self._process = for_native()
        else:
            self._python = self._python or original_python(self._project.folder)
            self._process = None if self._python is None else for_original(self._python)
        if self._process is not None:
            self._process.check(self._project.source.resolve())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the process."""
        if self._process is not None:
            self._process.end()

    def result(self) -> Checked:
        """What came out. Raises DeployError for what would fail in the engine, too."""
        if self._process is None:
            return Checked(doubt="nothing here has the original SDK that it is written on")
        code = self._process.exit_code(self._limit)
        if code is None:
            raise DeployError(
                f'"api.py" was not imported within {self._limit:g} s.',
                suggestion="Move what takes long from the module's top level into a method.",
            )
        found = _found(self._process, code)
        if "kind" not in found:
            return Checked(found.get("routes"), template=found.get("template"))
        if found["kind"] == "no-sdk":
            return Checked(doubt=f'"{self._python}" does not have the original SDK: {found["message"]}')
        if found["kind"] == "module":
            return _missing_module(self._project, found)
        raise DeployError(
            _message(found), suggestion=found.get("suggestion") or _SUGGESTIONS.get(found["kind"])
        )


def _found(process: CheckProcess, code: int) -> dict[str, Any]:
    """What came out. Raises DeployError when the author's code ended the process before that was written."""
    result = process.result
    if result is not None:
        found: dict[str, Any] = json.loads(result)
        return found
    tail = "\n".join(process.printed.strip().splitlines()[-10:])
    raise DeployError(
        f'The import of "api.py" ended the interpreter ({_ending(code)}).' + (f"\n{tail}" if tail else ""),
        suggestion="Look for a library that crashes, or a call of os._exit, at the module's top level.",
    )


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
