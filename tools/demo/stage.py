"""What the walk stands on: an engine of its own, a home folder of its own, and commands run in it."""

from __future__ import annotations

import json
import os
import re
import select
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from steamship_engine.runtime import trees

REPO = Path(__file__).parents[2]
SHIP = Path(sys.executable).with_name("ship")
_READY_S = 60
_COMMAND_S = 300


class StageError(Exception):
    """The engine did not start, or a command that must succeed failed."""


class Stage:
    """A running engine on a free loopback port, stopped and removed when the block ends."""

    def __enter__(self) -> Self:
        """Start the engine and wait until it is ready."""
        self.folder = Path(tempfile.mkdtemp(prefix="steamship-demo-"))
        self.home = self.folder / "home"
        self.home.mkdir()
        kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
        # Downloaded wheels are kept where the caller's uv keeps them: the second run fetches nothing.
        caches = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        kept.setdefault("UV_CACHE_DIR", str(Path(caches) / "uv"))
        self.environment = {**kept, "HOME": str(self.home), "NO_COLOR": "1"}
        self._log = (self.folder / "engine.log").open("wb")
        command = [str(SHIP), "serve", "--port", "0", "--data-dir", str(self.folder / "data")]
        self._engine = subprocess.Popen(
            command, env=self.environment, stdout=subprocess.PIPE, stderr=self._log, start_new_session=True
        )
        try:
            self.address = self._wait_until_ready()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the engine and remove everything."""
        self.close()

    def close(self) -> None:
        """End the engine by its own SIGTERM, or by force when it does not go."""
        if self._engine.poll() is None:
            self._engine.send_signal(signal.SIGTERM)
            try:
                self._engine.wait(30)
            except subprocess.TimeoutExpired:
                self._engine.kill()
                self._engine.wait()
        if self._engine.stdout is not None:
            self._engine.stdout.close()
        self._log.close()
        trees.remove(self.folder)  # environments forbid it even to their owner

    def config(self) -> dict[str, str]:
        """What the engine wrote into this home's `~/.steamship.json`."""
        found: dict[str, str] = json.loads((self.home / ".steamship.json").read_text())
        return found

    def run(self, *command: str | Path, cwd: Path = REPO, variables: dict[str, str] | None = None) -> str:
        """What a command printed; StageError with all of it when it fails."""
        done = subprocess.run(
            [str(part) for part in command],
            check=False,
            cwd=cwd,
            env={**self.environment, **(variables or {})},
            capture_output=True,
            text=True,
            timeout=_COMMAND_S,
            stdin=subprocess.DEVNULL,
        )
        if done.returncode != 0:
            raise StageError(
                f"{' '.join(map(str, command))} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
            )
        return done.stdout

    def _wait_until_ready(self) -> str:
        """The address in the engine's ready line."""
        assert self._engine.stdout is not None
        printed = b""
        ends = time.monotonic() + _READY_S
        while time.monotonic() < ends:
            readable, _, _ = select.select([self._engine.stdout], [], [], 1)
            if readable:
                part = os.read(self._engine.stdout.fileno(), 65536)
                printed += part
                found = re.search(rb"(?i)ready\b.*?(http://[^\s]+)", printed)
                if found:
                    return found[1].decode().rstrip("/") + "/"
                if not part:
                    break
        self._log.flush()
        log = (self.folder / "engine.log").read_text(errors="replace")
        raise StageError(f"The engine did not get ready.\n{printed.decode(errors='replace')}\n{log}")


_KEPT = (
    "PATH",
    "LANG",
    "LC_ALL",
    "TERM",
    "SSL_CERT_FILE",
    "PIP_CERT",
    "PIP_INDEX_URL",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "NO_PROXY",
    "UV_CACHE_DIR",
)
