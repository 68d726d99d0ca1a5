"""The steps of something long: a line each when it is done, and on a terminal what is being done now."""

from __future__ import annotations

import sys
import time
from contextlib import AbstractContextManager, nullcontext
from types import TracebackType
from typing import TYPE_CHECKING, Self

import click

if TYPE_CHECKING:
    from rich.console import Console
    from rich.status import Status


class Progress:
    """Use as a context manager. Steps go to stdout, or to stderr where stdout is for JSON."""

    def __init__(self, *, as_json: bool) -> None:
        self._to_stderr = as_json
        stream = sys.stderr if as_json else sys.stdout
        self._console: Console | None = None
        if stream.isatty():
            from rich.console import Console

            self._console = Console(stderr=as_json, highlight=False)
        self._status: Status | None = None
        self._start = time.monotonic()

    @property
    def seconds(self) -> float:
        """Since it began."""
        return time.monotonic() - self._start

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the terminal as it was."""
        self._stop()

    def doing(self, what: str) -> None:
        """Show what is being done, on a terminal."""
        if self._console is None:
            return
        if self._status is None:
            self._status = self._console.status(what)
            self._status.start()
        else:
            self._status.update(what)

    def done(self, what: str) -> None:
        """A step is done."""
        mark = click.style("✓ ", fg="green") if self._console else ""
        with self.aside():
            click.echo(f"{mark}{what}", err=self._to_stderr)

    def warn(self, what: str) -> None:
        """Something to look at."""
        with self.aside():
            click.echo(f"{click.style('warning:', fg='yellow')} {what}", err=True)

    def aside(self) -> AbstractContextManager[None]:
        """Nothing moves on the terminal within the block."""
        self._stop()
        return nullcontext()

    def _stop(self) -> None:
        if self._status is not None:
            self._status.stop()
            self._status = None
