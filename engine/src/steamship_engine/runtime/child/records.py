"""What a package logs: records of Python's root logger, sent with their own levels."""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

# Where the SDK logs its own steps, half a dozen of them at every call: they would drown the package's lines.
_SDK_STEPS = tuple(os.path.join("steamship", name) for name in ("invocable", "client", "base"))

_installed: "list[Records]" = []


class Teller(Protocol):
    """Where records go."""

    def tell(self, level: str, text: str) -> None:
        """Send one message."""


def install(output: Teller) -> "Records":
    """The root logger's handler, made once: what was imported in a zygote logs to its worker's output."""
    if not _installed:
        _installed.append(Records(output))
    records = _installed[0]
    records.attach(output)
    return records


class Records(logging.Handler):
    """The root logger's handler, in the place of the one that the SDK would make for stderr."""

    def __init__(self, output: Teller) -> None:
        super().__init__()
        self.attach(output)
        self._raised: list[BaseException] = []
        self.setFormatter(logging.Formatter("%(message)s"))
        logging.basicConfig(level=logging.INFO, handlers=[self])

    def attach(self, output: Teller) -> None:
        """Send what comes from now on to `output`, which is this process's."""
        self._output, self._pid = output, os.getpid()

    @contextmanager
    def watched(self) -> Iterator[list[BaseException]]:
        """Collect the exceptions that the SDK's handler logs while it works."""
        self._raised = []
        try:
            yield self._raised
        finally:
            self._raised = []

    def emit(self, record: logging.LogRecord) -> None:
        """Send one record."""
        try:
            of_the_sdk = os.path.dirname(record.pathname).endswith(_SDK_STEPS)
            if of_the_sdk and record.levelno < logging.WARNING:
                return
            if (
                of_the_sdk
                and record.funcName == "internal_handler"
                and record.exc_info
                and record.exc_info[1]
            ):
                self._raised.append(record.exc_info[1])
            text = self.format(record)
            if record.name != "root":
                text = f"{record.name}: {text}"
            if os.getpid() != self._pid:
                # A process that the package forked: the engine's socket is not its own.
                sys.stderr.write(text + "\n")
                return
            self._output.tell(_level(record.levelno), text)
        except Exception:
            self.handleError(record)


def _level(number: int) -> str:
    if number >= logging.ERROR:
        return "error"
    if number >= logging.WARNING:
        return "warning"
    return "info" if number >= logging.INFO else "debug"
