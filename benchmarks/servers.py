"""A server under measurement: started on chosen cores on a free port of loopback, asked, ended by its id."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from benchmarks.processes import end, on_cores
from benchmarks.wrk import Target

_START_S = 90.0


class NotRunError(Exception):
    """Why a server or a part was not measured."""


class Server(Protocol):
    """What can be put under load."""

    name: str

    def start(self, cores: Sequence[int], folder: Path) -> None:
        """Start it on those cores, its files in `folder`; NotRunError when it does not come up."""

    def target(self) -> Target:
        """Where its `greet` is."""

    def stop(self) -> None:
        """End it and all that it has started."""


@dataclass
class PeerServer:
    """A command that serves `POST /greet` on the port in `{port}` of its words and PORT of its environment."""

    name: str
    words: Sequence[str | Path]
    environ: Mapping[str, str] = field(default_factory=dict)
    _process: subprocess.Popen[bytes] | None = None
    _port: int = 0

    def start(self, cores: Sequence[int], folder: Path) -> None:
        """Start it with as many workers as cores, and wait until it greets."""
        self._port = _free_port()
        log = folder / f"{self.name}.log"
        environ = {
            **_environment(folder),
            **self.environ,
            "PORT": str(self._port),
            "WORKERS": str(len(cores)),
        }
        words = [str(word).format(port=self._port, workers=len(cores)) for word in self.words]
        with on_cores(cores), log.open("wb") as output:
            self._process = subprocess.Popen(
                words, cwd=folder, env=environ, stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )
        try:
            self._wait(log)
        except BaseException:
            self.stop()
            raise

    def _wait(self, log: Path) -> None:
        assert self._process is not None
        deadline = time.monotonic() + _START_S
        why = "nothing was asked"
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise NotRunError(f"it ended with code {self._process.returncode}: {_last_line(log)}")
            try:
                check_greeting(self.target())
            except NotRunError as error:
                why = str(error)
                time.sleep(0.1)
            else:
                return
        raise NotRunError(f"it did not greet within {_START_S:.0f} s: {why}")

    def target(self) -> Target:
        """Its one address. It gets the headers that the engine gets."""
        return greeting(f"http://127.0.0.1:{self._port}/greet", "a-key-that-nobody-asks-for-" + "k" * 43)

    def stop(self) -> None:
        """End it and all that it has started."""
        if self._process is not None:
            end(self._process)
            self._process = None


def greeting(url: str, key: str) -> Target:
    """The one request that everybody gets."""
    headers = {
        "Authorization": f"Bearer {key}",
        "Content-Type": "application/json",
        "Accept": "*/*",
        "User-Agent": "steamship-benchmarks/1.0",
    }
    return Target(url, '{"name":"Unicorn"}', headers)


def check_greeting(target: Target) -> None:
    """NotRunError unless the server really greets: another name each time, and the name comes back."""
    for name in ("Unicorn", f"Zoë {os.getpid()}"):
        status, text = ask(target, name)
        wanted = f"Hello, {name}!"
        if status != 200 or read_answer(text) != wanted:
            raise NotRunError(f'it answered {status} "{text[:200]}", not 200 "{wanted}"')


def ask(target: Target, name: str) -> tuple[int, str]:
    """Status and text of one greeting; NotRunError when there is no answer."""
    parts = urlsplit(target.url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=20)
    try:
        connection.request("POST", parts.path, json.dumps({"name": name}).encode(), dict(target.headers))
        answer = connection.getresponse()
        return answer.status, answer.read().decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        raise NotRunError(f"there is no answer: {error}") from None
    finally:
        connection.close()


def read_answer(text: str) -> str:
    """A greeting, sent as plain text or as a JSON string."""
    if not text.startswith('"'):
        return text
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, str) else text


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def _environment(home: Path) -> dict[str, str]:
    """What a peer sees: no settings of the person who runs this, nobody to report to, no home but its folder."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "TMPDIR") if name in os.environ}
    return kept | {
        "HOME": str(home),
        "PYTHONUNBUFFERED": "1",
        "DO_NOT_TRACK": "1",
        "BENTOML_DO_NOT_TRACK": "True",
        "RAY_USAGE_STATS_ENABLED": "0",
    }


def _last_line(log: Path) -> str:
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1].strip()[:200] if lines else "it printed nothing"
