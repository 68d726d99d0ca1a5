"""A real engine, as a process of its own: `python -m steamship_engine serve` on a free port."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.services.environments import Environments

_READY = re.compile(r"ready at (\S+) \(API (\S+)\)")
_KEY = re.compile(r"^ {2}(\S{32,})$")
_START_S = 60
_STOP_S = 30


@dataclass(frozen=True)
class EngineUser:
    """A user and their key."""

    id: str
    handle: str
    key: str


class EngineProcess:
    """One `ship serve`. Its home holds the profile that a first start writes.

    With `environments` it finds what earlier ones have made, unless a Python of its own runs it.
    """

    environments: Environments | None = None

    def __init__(
        self,
        home: Path,
        data_dir: Path,
        flags: dict[str, Any],
        environ: dict[str, str],
        python: Sequence[str] = (sys.executable,),
    ) -> None:
        """Start it and wait until it says that it is ready; RuntimeError with its output if it does not.

        `python` are the words that start the engine's Python.
        """
        self.home, self.data_dir = home, data_dir
        self._python = python
        self.key = ""
        self.app_base = self.api_base = self.web_base = ""
        self._flags = flags
        self._environ = _environment(home) | environ
        self._lines: list[str] = []
        self._told = threading.Event()
        self._environments = self.environments if tuple(python) == (sys.executable,) else None
        if self._environments is not None:
            self._environments.give(data_dir)
        self._process = subprocess.Popen(
            [*python, "-m", "steamship_engine", "serve", *self._arguments()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=home,
            env=self._environ,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self._told.wait(_START_S)
        if not self.app_base:
            self._process.kill()
            self._process.wait()
            raise RuntimeError(f"the engine did not start:\n{self.log()}")

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self.app_base.rstrip("/").rpartition(":")[2])

    def log(self) -> str:
        """All that it has printed."""
        return "".join(self._lines)

    def stop(self) -> int:
        """End it with SIGTERM, if it still runs; its exit code. TimeoutExpired when it does not end."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            code = self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise
        self._reader.join(_STOP_S)
        if self._environments is not None:
            self._environments.take(self.data_dir)
        return code

    def kill(self) -> None:
        """End it with SIGKILL, in the middle of whatever it does."""
        self._process.kill()
        self._process.wait(_STOP_S)
        self._reader.join(_STOP_S)

    def add_user(self, handle: str) -> EngineUser:
        """Make a user beside the running engine. Needs an engine with `insecure_no_sandbox=True`."""
        command = [*self._python, "-m", "steamship_engine", "admin", "user", "create", handle, "--json"]
        names = ("data_dir", "database_url", "insecure_no_sandbox")
        done = subprocess.run(
            [*command, *self._arguments(*names)],
            check=False,
            capture_output=True,
            text=True,
            cwd=self.home,
            env=self._environ,
        )
        assert done.returncode == 0, done.stderr
        made = json.loads(done.stdout)
        return EngineUser(made["id"], made["handle"], made["apiKey"])

    def _arguments(self, *only: str) -> list[str]:
        flags = {"port": 0, "data_dir": self.data_dir, **self._flags}
        arguments: list[str] = []
        for name, value in flags.items():
            if only and name not in only:
                continue
            option = "--" + name.replace("_", "-")
            if value is True:
                arguments.append(option)
            elif value is not False and value is not None:
                arguments += [option, str(value)]
        return arguments

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                self._lines.append(line)
                if (key := _KEY.match(line)) is not None:
                    self.key = key[1]
                if (ready := _READY.search(line)) is not None:
                    self.web_base, self.api_base = ready[1], ready[2]
                    self.app_base = ready[1]
                    self._told.set()
        self._told.set()


def _environment(home: Path) -> dict[str, str]:
    """This process's, with the engine's home and without settings of the person who runs the tests."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("STEAMSHIP_") or name == "STEAMSHIP_ENGINE_PYTHONS"
    }
    return kept | {"HOME": str(home), "PYTHONUNBUFFERED": "1"}
