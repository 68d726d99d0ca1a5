"""Runs in a process of its own: import the author's class as the engine will, and say how that went.

    python -P -m steamship.cli.check_run

A line of JSON from standard input has `folder`, `home` (to be the home folder), `temporary` and `result`, a file
to write what came out to, so that whatever the author's code prints is not mistaken for it. Without a line there is
nothing to check. Code on the original SDK is imported by an interpreter that has that, CPython 3.10 or newer; it runs
this file as it stands, with `original` as a word of its command line.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import traceback
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

MODULE = "api"


def main(sdk: str = "native") -> None:
    """Wait for the order, check the class, write what came out."""
    if sdk == "native":
        with suppress(Exception):  # told when it is imported to be used
            importlib.import_module("steamship.invocable.serving")
    line = sys.stdin.readline()
    if not line:
        os._exit(0)
    order = json.loads(line)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    # Set only now: this interpreter may have found the SDK below the real home.
    os.environ["HOME"] = os.environ["USERPROFILE"] = order["home"]
    os.environ["TMPDIR"] = order["temporary"]
    folder = order["folder"]
    os.chdir(folder)
    sys.argv[:] = ["api.py"]
    try:
        found = _original(folder) if sdk == "original" else _native(folder)
    except BaseException as error:
        found = _problem(error, folder)
    result = order["result"]
    aside = Path(f"{result}.{os.getpid()}")  # the module may have forked
    aside.write_text(json.dumps(found), "utf-8")
    aside.replace(result)
    # Threads that the module started must not keep this process.
    os._exit(0)


def _native(folder: str) -> dict[str, Any]:
    # The SDK is imported first: nothing in the folder can take its place.
    from steamship.invocable import serving

    sys.path.insert(0, folder)
    described = serving.describe(serving.find_class(importlib.import_module(MODULE)))
    return {"routes": _routes(described)}


def _original(folder: str) -> dict[str, Any]:
    """The config template too: of an original's code the engine keeps what the deploy says."""
    try:
        import steamship  # the interpreter's own: this file is not run as a part of any package

        lambda_handler = importlib.import_module("steamship.invocable.lambda_handler")
    except ImportError as error:
        return {"kind": "no-sdk", "message": str(error)}
    version = str(getattr(steamship, "__version__", ""))
    major = version.partition(".")[0]
    if major.isdecimal() and int(major) >= 3:  # it has no number where it is there as source alone
        return {"kind": "no-sdk", "message": "it has steamship " + version}
    # Behind the SDK's own requirements, as the original's command line has it.
    sys.path.append(folder)
    described = lambda_handler.get_class_from_module(importlib.import_module(MODULE))
    parameters = described.config_cls().get_config_parameters()
    template = {name: json.loads(parameter.json(exclude_none=True)) for name, parameter in parameters.items()}
    return {"template": template}


def _routes(described: dict[str, Any]) -> int:
    return sum(1 for key in described["schemas"] if key != "config")


def _problem(error: BaseException, folder: str) -> dict[str, Any]:
    """`kind`, `message`, and where they apply `suggestion`, `place`, `module` and `trace`."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if _inside(f.filename, folder)]
    place = f"{_relative(frames[-1].filename, folder)}:{frames[-1].lineno}" if frames else None
    if type(error).__name__ == "DefinitionError":
        message = getattr(error, "message", str(error))
        return {"kind": "definition", "message": message, "suggestion": getattr(error, "suggestion", None)}
    if isinstance(error, SyntaxError) and _inside(error.filename or "", folder):
        place = f"{_relative(error.filename or '', folder)}:{error.lineno}"
        return {"kind": "syntax", "message": error.msg, "place": place, "text": (error.text or "").strip()}
    if isinstance(error, ModuleNotFoundError) and error.name:
        return {"kind": "module", "message": str(error), "module": error.name, "place": place}
    if isinstance(error, SystemExit):
        return {"kind": "raised", "message": f"it called sys.exit({error.code!r})", "place": place}
    return {
        "kind": "raised",
        "message": f"{type(error).__name__}: {error}",
        "place": place,
        "trace": _trace(error, folder),
    }


def _trace(error: BaseException, folder: str) -> str | None:
    """The traceback from the author's first line on."""
    trace: TracebackType | None = error.__traceback__
    while trace is not None and not _inside(trace.tb_frame.f_code.co_filename, folder):
        trace = trace.tb_next
    if trace is None:
        return None
    return "".join(traceback.format_exception(type(error), error, trace)).replace(folder + os.sep, "")


def _inside(filename: str, folder: str) -> bool:
    return filename.startswith(folder + os.sep)


def _relative(filename: str, folder: str) -> str:
    return filename[len(folder) + 1 :] if _inside(filename, folder) else filename


if __name__ == "__main__":
    main(*sys.argv[1:])
