"""An exception in a package as what its caller, owner and author are told.

A SteamshipError that the author's code raised is deliberate: its message is meant for the caller. One
that came out of this SDK, because a call of the package's own failed, is an accident like any other:
its message may speak of things that are the owner's alone.
"""

from __future__ import annotations

import inspect
import os
import re
import sysconfig
from collections.abc import Callable
from functools import cache
from traceback import StackSummary, TracebackException
from types import TracebackType
from typing import Any

import steamship
from steamship.base.error import PackageError, PackageMemoryError, SteamshipError
from steamship.invocable.instance_config import InstanceConfigError

_OURS = os.path.join(os.path.dirname(os.path.abspath(steamship.__file__)), "")
_FAILED = "The package failed."
_MESSAGE_LIMIT = 4_000
_DETAILS_LIMIT = 32_000
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")


def failure(error: BaseException, root: str) -> tuple[int, dict[str, Any]]:
    """HTTP status and `error` of the outcome for an exception. `root` is the package's folder.

    The texts are whole and hold whatever the package put there: see `tellable`.
    """
    if isinstance(error, InstanceConfigError):
        return error.http_status, described(error, deliberate=False)
    if isinstance(error, SteamshipError) and _is_deliberate(error):
        return _status(error), described(error, deliberate=True)
    kind = PackageMemoryError if isinstance(error, MemoryError) else PackageError
    return kind.http_status, {
        "code": kind.code,
        "message": _without_folders(_summary(error), root),
        "suggestion": None,
        "details": package_traceback(error, root),
        "deliberate": False,
    }


def told_to_anybody(about: dict[str, Any], request_id: str) -> dict[str, Any]:
    """The `status` of a failed answer for a caller of whom nothing is known."""
    chosen = about["deliberate"] and about["suggestion"] is not None
    return {
        "state": "failed",
        "statusMessage": about["message"] if about["deliberate"] else _FAILED,
        "statusCode": about["code"],
        "requestId": request_id,
        **({"statusSuggestion": about["suggestion"]} if chosen else {}),
    }


@cache
def package_folder(cls: type) -> str:
    """Where the class's module lies; empty for a class typed into a REPL."""
    try:
        return os.path.dirname(os.path.abspath(inspect.getfile(cls)))
    except (TypeError, OSError):
        return ""


def described(error: SteamshipError, *, deliberate: bool) -> dict[str, Any]:
    """An error that speaks for itself, without a traceback."""
    code = error.code if isinstance(error.code, str) and _CODE.fullmatch(error.code) else PackageError.code
    return {
        "code": code,
        "message": str(error.message),
        "suggestion": None if error.suggestion is None else str(error.suggestion),
        "details": None,
        "deliberate": deliberate,
    }


def tellable(about: dict[str, Any], redact: Callable[[str], str]) -> dict[str, Any]:
    """The `error` as it may leave: redacted while whole, then cut to what a message and details hold."""
    clean = {name: redact(value) if isinstance(value, str) else value for name, value in about.items()}
    if clean["details"] is not None:
        clean["message"] = clean["message"].splitlines()[0]
        clean["details"] = _limited(clean["details"], _DETAILS_LIMIT)
    clean["message"] = _limited(clean["message"], _MESSAGE_LIMIT)
    return clean


def package_traceback(error: BaseException, root: str) -> str:
    """The traceback without this SDK's frames; paths are relative to the package or its environment."""
    told = TracebackException.from_exception(error, compact=True)
    seen: set[int] = set()
    _keep_package_frames(told, seen)
    return _without_folders("".join(told.format()), root)


def _summary(error: BaseException) -> str:
    """`Type: text`."""
    try:
        text = str(error.message if isinstance(error, SteamshipError) else error).strip()
    except Exception:  # the author's own __str__ may fail
        text = ""
    name = type(error).__name__
    return f"{name}: {text}" if text else name


def _is_deliberate(error: BaseException) -> bool:
    """Whether the innermost frame, the one that raised, is not this SDK's."""
    innermost: TracebackType | None = error.__traceback__
    while innermost is not None and innermost.tb_next is not None:
        innermost = innermost.tb_next
    return innermost is not None and not innermost.tb_frame.f_code.co_filename.startswith(_OURS)


def _status(error: SteamshipError) -> int:
    return error.http_status if error.http_status in range(400, 600) else PackageError.http_status


def _keep_package_frames(told: TracebackException, seen: set[int]) -> None:
    if id(told) in seen:
        return
    seen.add(id(told))
    told.stack = StackSummary.from_list(
        [frame for frame in told.stack if not frame.filename.startswith(_OURS)]
    )
    chained = [told.__cause__, told.__context__, *(getattr(told, "exceptions", None) or [])]
    for other in chained:
        if other is not None:
            _keep_package_frames(other, seen)


def _without_folders(text: str, root: str) -> str:
    """Text with paths as relative ones: where things lie is the business of the machine's operator."""
    library = sysconfig.get_path("stdlib")
    places = {
        library: library.rpartition(os.sep)[2],
        **{sysconfig.get_path(name): "site-packages" for name in ("purelib", "platlib")},
        root: "",
    }
    # The longest first: site-packages lies in the library's folder, and the package may lie anywhere.
    for folder in sorted(filter(None, places), key=len, reverse=True):
        text = text.replace(os.path.join(folder, ""), os.path.join(places[folder], ""))
    return text


def _limited(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[:limit]}... ({len(text) - limit} more characters)"
