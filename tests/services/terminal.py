"""A command on a real terminal: what it shows, and what a person types."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import subprocess
import termios
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

_PATIENCE_S = 60


def _take_terminal() -> None:
    """Make standard input the session's own terminal, so that Ctrl-C there is a signal.

    Whoever started the tests may have them ignore that signal, as shells do for what runs behind them.
    """
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


class Terminal:
    """A command whose standard streams are one pseudo terminal; ended when the block ends."""

    def __init__(self, command: list[str | Path], environ: Mapping[str, str], cwd: Path) -> None:
        self._fd, slave = pty.openpty()
        self.shown = ""
        self._seen = 0
        try:
            self._process = subprocess.Popen(
                [str(word) for word in command],
                stdin=slave,
                stdout=slave,
                stderr=slave,
                cwd=cwd,
                env={**environ, "TERM": "xterm"},
                start_new_session=True,
                preexec_fn=_take_terminal,  # noqa: PLW1509 - between fork and exec only two system calls
            )
        finally:
            os.close(slave)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        os.close(self._fd)

    def until(self, text: str) -> str:
        """Read on until `text` was shown after what was read before; the part up to its end."""
        start = self._seen
        ends = time.monotonic() + _PATIENCE_S
        while text not in self.shown[start:]:
            assert time.monotonic() < ends, f"{text!r} was not shown:\n{self.shown}"
            assert self._read(1), f"it ended before {text!r} was shown:\n{self.shown}"
        self._seen = self.shown.index(text, start) + len(text)
        return self.shown[start : self._seen]

    def type(self, text: str) -> None:
        """Type `text`; a newline is the return key."""
        os.write(self._fd, text.encode())

    def interrupt(self) -> int:
        """Press Ctrl-C, again after each second without an answer as a person would; the exit code.

        A program that is just about to wait for input may miss the first one.
        """
        return self._end(press="\x03")

    def end(self) -> int:
        """Read until it ends; its exit code."""
        return self._end()

    def _end(self, press: str = "") -> int:
        ends = time.monotonic() + _PATIENCE_S
        self.type(press)
        while self._read(1):
            assert time.monotonic() < ends, f"it did not end:\n{self.shown}"
            if press and not select.select([self._fd], [], [], 1)[0]:
                self.type(press)
        return self._process.wait(_PATIENCE_S)

    def _read(self, patience_s: float) -> bool:
        """Take what there is; False at the end."""
        ready, _, _ = select.select([self._fd], [], [], patience_s)
        if not ready:
            return True
        try:
            part = os.read(self._fd, 65536)
        except OSError:  # Linux says so when the last holder of the other end has gone
            return False
        self.shown += part.decode(errors="replace")
        return bool(part)
