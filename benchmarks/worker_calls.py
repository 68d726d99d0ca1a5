"""What one warm call costs the worker's process: frames over a socketpair, no engine.

Run it with the engine's environment: `.venv/bin/python -m benchmarks.worker_calls`. It prints, for one call in flight and for
eight written ahead, calls a second and the worker's CPU time a call.
"""

from __future__ import annotations

import json
import os
import socket
import struct
import tempfile
import time
from pathlib import Path

from tests.services.driven_child import driven_child

LENGTHS = struct.Struct(">II")
CALLS = 20_000
ROUNDS = 5
API = """
from steamship.invocable import PackageService, post

class Greeter(PackageService):
    @post("greet")
    def greet(self, name: str) -> str:
        return f"Hello, {name}!"
"""
HEADERS = [
    ["content-type", "application/json"],
    ["accept", "*/*"],
    ["user-agent", "benchmark/1"],
    ["content-length", "15"],
    ["host", "localhost:8080"],
    ["traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"],
]


def frame(header: dict[str, object], body: bytes = b"") -> bytes:
    """The bytes of one frame."""
    packed = json.dumps(header, separators=(",", ":")).encode()
    return LENGTHS.pack(len(packed), len(body)) + packed + body


def call(number: int) -> bytes:
    """A frame that calls `greet`."""
    header = {
        "type": "call", "id": number, "verb": "POST", "path": "/greet", "query": "", "headers": HEADERS,
        "key": "k" * 200, "requestId": "R-1", "more": False,
    }  # fmt: skip
    return frame(header, b'{"name": "Ann"}')


def cpu_us(pid: int) -> tuple[float, float]:
    """CPU microseconds that a process has used: its own, and the kernel's for it."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    tick = 1e6 / os.sysconf("SC_CLK_TCK")
    return int(fields[11]) * tick, int(fields[12]) * tick


class Replies:
    """Counts the frames that come."""

    def __init__(self, end: socket.socket) -> None:
        self._end, self._held = end, b""

    def read(self) -> int:
        """Wait for some; how many came."""
        self._held += self._end.recv(1 << 16)
        at = found = 0
        while len(self._held) - at >= 8:
            header, body = LENGTHS.unpack_from(self._held, at)
            if len(self._held) - at < 8 + header + body:
                break
            at += 8 + header + body
            found += 1
        self._held = self._held[at:]
        return found


def measure(end: socket.socket, pid: int, ahead: int) -> tuple[float, float, float]:
    """Calls a second, and the worker's CPU microseconds a call (own and kernel), with `ahead` calls in flight."""
    calls = [call(number) for number in range(1, CALLS + 1)]
    replies = Replies(end)
    before, began = cpu_us(pid), time.perf_counter()
    end.sendall(b"".join(calls[:ahead]))
    sent, got = ahead, 0
    while got < CALLS:
        found = replies.read()
        got += found
        more = calls[sent : sent + found]
        if more:
            end.sendall(b"".join(more))
            sent += len(more)
    rate, after = CALLS / (time.perf_counter() - began), cpu_us(pid)
    return rate, (after[0] - before[0]) / CALLS, (after[1] - before[1]) / CALLS


def main() -> None:
    """Start a worker, warm it, measure it."""
    with tempfile.TemporaryDirectory() as code:
        Path(code, "api.py").write_text(API)
        with driven_child() as worker:
            worker.load(Path(code))
            measure(worker.socket, worker.process.pid, 8)
            for ahead in (1, 8):
                rate, own, kernel = min(
                    (measure(worker.socket, worker.process.pid, ahead) for _ in range(ROUNDS)),
                    key=lambda found: sum(found[1:]),
                )
                print(
                    f"{ahead} in flight: {rate:6.0f} calls/s, {own:4.1f} us of CPU a call, {kernel:4.1f} us of the kernel's"
                )


if __name__ == "__main__":
    main()
