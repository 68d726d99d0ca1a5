"""Importing the author's class, and saying in their words why it cannot be imported."""

import importlib
import os
import sys
import traceback
from types import ModuleType, TracebackType
from typing import Any, NamedTuple

MESSAGE = 16 * 1024
DETAILS = 64 * 1024


class Author(NamedTuple):
    """What was imported: the SDK's serving module, or what stands for it, the class, and the bundle's folder."""

    sdk: Any
    cls: Any
    code: str


class Refused(Exception):
    """The code cannot be imported or described. `details` is a traceback of the author's own frames."""

    def __init__(self, code: str, message: str, details: "str | None" = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = clean(message, MESSAGE)
        self.details = None if details is None else clean(details, DETAILS)


def load(code: str) -> "tuple[ModuleType, type]":
    """The SDK's serving module and the author's class, with the bundle as first place of import.

    The SDK is imported first: nothing in the bundle can take its place.
    """
    os.chdir(code)
    sys.argv[:] = ["api.py"]
    try:
        serving = importlib.import_module("steamship.invocable.serving")
    except ImportError as error:
        raise Refused("ImportFailed", f"The environment has no SDK that can serve: {error}") from error
    sys.path.insert(0, code)
    if not os.path.isfile("api.py"):
        raise Refused("NoModule", "The bundle has no api.py at its root.")
    try:
        module = importlib.import_module("api")
        return serving, serving.find_class(module)
    except BaseException as error:
        raise refusal(error, code, "api.py cannot be imported") from error


def describe(serving: Any, cls: type, code: str) -> "dict[str, Any]":
    """What the class is. Raises Refused."""
    try:
        description: dict[str, Any] = serving.describe(cls)
    except BaseException as error:
        raise refusal(error, code, "The class cannot be described") from error
    return description


def refusal(error: BaseException, code: str, what: str) -> Refused:
    """The exception as a refusal: its own message, and where in the bundle it happened."""
    if type(error).__name__ == "DefinitionError":
        return Refused("Definition", str(error))
    if isinstance(error, SystemExit):
        where = place(error.__traceback__, code)
        return Refused("ImportFailed", f"{what}: it called sys.exit({error.code!r}){where}.")
    if isinstance(error, SyntaxError):
        where = f" ({_relative(error.filename or '?', code)}:{error.lineno})"
        return Refused("ImportFailed", f"{what}: {type(error).__name__}: {error.msg}{where}")
    where = place(error.__traceback__, code)
    said = without_folders(str(error), code)
    return Refused("ImportFailed", f"{what}: {type(error).__name__}: {said}{where}", details(error, code))


def place(trace: "TracebackType | None", code: str) -> str:
    """` (api.py:12)`: the deepest line of the bundle in the traceback; empty when there is none."""
    found = ""
    for frame, line in traceback.walk_tb(trace):
        if _inside(frame.f_code.co_filename, code):
            found = f" ({_relative(frame.f_code.co_filename, code)}:{line})"
    return found


def details(error: BaseException, code: str) -> "str | None":
    """The traceback from the author's first line on; None when no line of theirs is in it."""
    trace = error.__traceback__
    while trace is not None and not _inside(trace.tb_frame.f_code.co_filename, code):
        trace = trace.tb_next
    if trace is None:
        return None
    return without_folders("".join(traceback.format_exception(type(error), error, trace)), code)


def without_folders(text: str, code: str) -> str:
    """The text with paths in the bundle, in the environment and in Python's own library as relative ones.

    Where these lie is the operator's business.
    """
    import sysconfig

    library = sysconfig.get_path("stdlib")
    places = {
        code: "",
        sysconfig.get_path("purelib"): "site-packages/",
        sysconfig.get_path("platlib"): "site-packages/",
        library: os.path.basename(library) + "/",
        os.path.dirname(os.path.abspath(__file__)): "worker/",
    }
    for folder in sorted(places, key=len, reverse=True):
        text = text.replace(folder + os.sep, places[folder])
    return text


def clean(text: str, limit: int) -> str:
    """Text that fits a frame: no half characters, and not too long."""
    return text[:limit].encode("utf-8", "replace").decode("utf-8")


def _inside(filename: str, code: str) -> bool:
    return filename.startswith(code + os.sep)


def _relative(filename: str, code: str) -> str:
    return filename[len(code) + 1 :] if _inside(filename, code) else filename
