"""A worker's process without an engine: frames in, frames out, over a socketpair."""

from __future__ import annotations

import json
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import steamship_engine

_CHILD = Path(steamship_engine.__file__).parent / "runtime" / "child"
_START = """
import importlib, sys, types
package = sys.modules["_steamship_worker"] = types.ModuleType("_steamship_worker")
package.__path__ = [sys.argv[1]]
importlib.import_module("_steamship_worker.loop").run(int(sys.argv[2]))
"""
_LENGTHS = struct.Struct(">II")
_PATIENCE_S = 20
_BASE = "http://localhost:1/"
INSTANCE: dict[str, Any] = {
    "id": "I-1",
    "workspaceId": "W-1",
    "workspaceHandle": "space",
    "config": {},
    "context": {"workspaceId": "W-1", "invocableHandle": "tiny"},
    "bases": {"api": f"{_BASE}api/v1/", "app": _BASE, "web": _BASE},
}


@dataclass
class Got:
    """A frame from the worker."""

    header: dict[str, Any]
    body: bytes

    @property
    def type(self) -> str:
        """Its type."""
        return str(self.header["type"])

    @property
    def id(self) -> int:
        """Its call."""
        return int(self.header["id"])

    @property
    def more(self) -> bool:
        """Whether another part follows."""
        return bool(self.header["more"])


@dataclass
class DrivenChild:
    """A worker that runs. `logs` are the log frames that came before the last frame that was read."""

    process: subprocess.Popen[bytes]
    socket: socket.socket
    logs: list[dict[str, Any]] = field(default_factory=list)
    _held: bytearray = field(default_factory=bytearray)

    def send(self, type_: str, body: bytes = b"", /, **header: Any) -> None:
        """Send one frame."""
        self._send({"type": type_, **header}, body)

    def _send(self, header: Any, body: bytes) -> None:
        packed = json.dumps(header).encode()
        self.socket.sendall(_LENGTHS.pack(len(packed), len(body)) + packed + body)

    def load(self, code: Path, **more: Any) -> dict[str, Any]:
        """Have it load the class in `code`; what it answers."""
        self.send(
            "load", code=str(code), kind="native", **{"concurrency": None, "instance": INSTANCE, **more}
        )
        return self.frame().header

    def call(self, number: int, path: str, arguments: Any = None, **more: Any) -> None:
        """POST arguments as JSON; `more` are further fields of the header."""
        body = b"" if arguments is None else json.dumps(arguments).encode()
        self.call_with(number, path, body, **more)

    def call_with(self, number: int, path: str, body: bytes, **more: Any) -> None:
        """Send a call with the body's first part as it is."""
        header = {
            "id": number,
            "verb": "POST",
            "path": path,
            "query": "",
            "headers": [["content-type", "application/json"]],
            "key": f"key-{number}",
            "requestId": f"R-{number}",
            "more": False,
        }
        self._send(["call", *{**header, **more}.values()], body)

    def frame(self) -> Got:
        """The next frame that is no log."""
        while (got := self._frame()).type == "log":
            self.logs.append(got.header)
        return got

    def log(self) -> dict[str, Any]:
        """The next frame, which must be a log."""
        got = self._frame()
        assert got.type == "log", got
        self.logs.append(got.header)
        return got.header

    def whole(self, number: int) -> bytes:
        """The reply of a call, taken part by part to its end."""
        got = self.frame()
        assert (got.type, got.id) == ("reply", number), got
        body = got.body
        while got.more:
            self.send("take", id=number)
            got = self.frame()
            assert (got.type, got.id) == ("body", number), got
            body += got.body
        return body

    def said(self) -> list[tuple[int, str, str]]:
        """Call, level and message of the logs until now."""
        return [(log["id"], log["level"], log["message"]) for log in self.logs]

    def ended(self) -> int:
        """Wait until it has ended by itself; its exit code."""
        return self.process.wait(_PATIENCE_S)

    def _frame(self) -> Got:
        header_size, body_size = _LENGTHS.unpack(self._exactly(_LENGTHS.size))
        content = self._exactly(header_size + body_size)
        return Got(json.loads(content[:header_size]), content[header_size:])

    def _exactly(self, size: int) -> bytes:
        while len(self._held) < size:
            part = self.socket.recv(1 << 20)
            if not part:
                raise EOFError(f"the worker has ended: {self.logs}")
            self._held += part
        taken = bytes(self._held[:size])
        del self._held[:size]
        return taken


@contextmanager
def driven_child(python: str = sys.executable) -> Iterator[DrivenChild]:
    """A worker that has loaded nothing yet; it has ended afterwards."""
    ours, theirs = socket.socketpair()
    with ours:
        ours.settimeout(_PATIENCE_S)
        with theirs:
            end = theirs.fileno()
            process = subprocess.Popen(
                [python, "-I", "-B", "-c", _START, str(_CHILD), str(end)],
                stdin=subprocess.DEVNULL,
                pass_fds=[end],
            )
        try:
            yield DrivenChild(process, ours)
        finally:
            process.kill()
            process.wait()
