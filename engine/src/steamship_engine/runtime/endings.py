"""How a worker ended, in words: for its calls, and for whoever looks at it."""

from __future__ import annotations

import signal
from collections.abc import Iterable

from steamship_engine.model.errors import (
    NotFoundError,
    PackageCrashedError,
    PackageError,
    PackageMemoryError,
    PackageReplyError,
    PackageTimeoutError,
    SteamshipError,
    UnavailableError,
)
from steamship_engine.model.states import StopReason
from steamship_engine.runtime.channel import ChannelClosed
from steamship_engine.runtime.processes import WorkerProcess

EXIT_WAIT = 1.0
"""Seconds that a process which closed its connection is given to end, so that its exit code is known."""

_OVER = {
    "memory": (StopReason.OVER_MEMORY, "took more memory than its version may"),
    "processes": (StopReason.OVER_PROCESSES, "had more processes and threads than its version may"),
    "scratch": (StopReason.OVER_SCRATCH, "wrote more to its scratch folder than its version may"),
}
_ORPHANED = "zygote"


def in_words(code: int | None, why: str | None) -> str:
    """`ended with exit code "3"`: what goes behind the name of a process that is gone."""
    if why in _OVER:
        return f"{_OVER[why][1]}, and was stopped"
    if why == _ORPHANED:
        return "lost the process that it was forked from, and was stopped"
    if code is None:
        return "closed its connection to the engine"
    if code >= 0:
        return f'ended with exit code "{code}"'
    return f'was ended by signal "{_signal_name(-code)}"'


async def crashed(process: WorkerProcess, when: str, said: Iterable[str]) -> PackageError:
    """The error for a process that closed its end, or was ended, with its exit code or signal in words."""
    code = await process.exit_code(within=EXIT_WAIT)
    process.kill()
    suggestion = "Look at the package's log; the next call gets a new process."
    if process.why in _OVER:
        suggestion = "Use less, or raise `limits` in steamship.json; the next call gets a new process."
    elif code == -signal.SIGKILL and process.why is None:
        suggestion = "The kernel may have been out of memory; the next call gets a new process."
    what = in_words(code, process.why)
    details = "\n".join(said) or process.said() or None
    kind = PackageMemoryError if process.why == "memory" else PackageCrashedError
    return kind(f"The package's process {what} {when}.", suggestion=suggestion, details=details)


def reason_of_exit(process: WorkerProcess) -> StopReason:
    """Why a process ended that nobody asked to."""
    if process.why == _ORPHANED:
        return StopReason.ZYGOTE_GONE
    return _OVER[process.why][0] if process.why in _OVER else StopReason.CRASHED


def reason_of(error: Exception) -> StopReason:
    """Why a worker is stopped that failed with `error`."""
    if isinstance(error, ChannelClosed):
        return StopReason.CRASHED
    if isinstance(error, PackageTimeoutError):
        return StopReason.OVER_TIME
    if isinstance(error, PackageReplyError):
        return StopReason.BAD_FRAMES
    if isinstance(error, PackageError):
        return StopReason.REFUSED
    return StopReason.ENGINE_STOPPING


def stopped(reason: StopReason | None) -> SteamshipError:
    """The error for a call that ran on a worker which was stopped on purpose."""
    if reason is StopReason.ENGINE_STOPPING:
        return UnavailableError("The engine is stopping.", suggestion="Try again in a moment.")
    return PackageCrashedError(
        "The instance was stopped before it answered.", suggestion="Call again if the instance still exists."
    )


def gone(instance_id: str) -> NotFoundError:
    """The error for a call that had not begun when its instance was deleted, or came later."""
    return NotFoundError(
        f'The instance "{instance_id}" was deleted.', suggestion="`ship instances` lists yours."
    )


def broke_off() -> PackageError:
    """The error for a reply that a worker gave up."""
    return PackageError(
        "The package stopped in the middle of its answer.", suggestion="Look at the package's log."
    )


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)
