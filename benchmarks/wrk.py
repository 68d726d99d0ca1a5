"""Load by `wrk`: closed loops over kept connections, each sending its next request when it has its answer."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.processes import on_cores

_SCRIPT = Path(__file__).with_name("greet.lua")
_MARK = "figures "


class LoadError(Exception):
    """A load that does not count, and why."""


@dataclass(frozen=True)
class Target:
    """Where requests go and what is in them."""

    url: str
    body: str
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Load:
    """What one load has seen: answers a second, and seconds a call."""

    rate: float
    p50: float
    p99: float
    requests: int


def missing() -> str | None:
    """What to install, where `wrk` is not on PATH."""
    if shutil.which("wrk"):
        return None
    return "the load generator wrk is not installed; on Debian: `sudo apt-get install -y wrk`"


def version() -> str:
    """Its name and version."""
    said = subprocess.run(["wrk", "-v"], capture_output=True, text=True, check=False).stdout
    return " ".join(said.split()[:2])


def run(target: Target, *, connections: int, seconds: float, changing: bool, cores: Sequence[int]) -> Load:
    """Load `target` from one thread on `cores`; `changing` gives each request a `traceparent` and an id of its own.

    LoadError unless every request got a 2xx answer.
    """
    process = start(target, connections=connections, seconds=seconds, changing=changing, cores=cores)
    return finish(process, seconds)


def start(
    target: Target, *, connections: int, seconds: float, changing: bool, cores: Sequence[int]
) -> subprocess.Popen[str]:
    """Begin such a load beside the caller; `finish` waits for its end."""
    command = ["wrk", "-t", "1", "-c", str(connections), "-d", f"{seconds:g}s", "--timeout", "20s"]
    command += ["-s", str(_SCRIPT), target.url, "--", "changing" if changing else "repeating", target.body]
    command += [f"{name}: {value}" for name, value in target.headers.items()]
    with on_cores(cores):
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def finish(process: subprocess.Popen[str], seconds: float) -> Load:
    """The figures of a load that was started."""
    try:
        said, _ = process.communicate(timeout=seconds + 60)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise LoadError(f"wrk was still running 60 s after its {seconds:g} s were over") from None
    return parse(said)


def parse(said: str) -> Load:
    """What greet.lua prints at the end; LoadError for failed requests and for anything else."""
    line = next((line for line in said.splitlines() if line.startswith(_MARK)), None)
    if line is None:
        raise LoadError(f"wrk gave no figures: {said.strip()[-300:]}")
    told = json.loads(line.removeprefix(_MARK))
    failed = {name: told[name] for name in ("status", "connect", "read", "write", "timeout") if told[name]}
    if failed:
        names = ", ".join(f"{number} {name}" for name, number in failed.items())
        raise LoadError(
            f"not every request was answered with 2xx: {names} errors in {told['requests']} requests"
        )
    if not told["requests"]:
        raise LoadError("no request was answered")
    rate = told["requests"] / (told["duration_us"] / 1e6)
    return Load(rate, told["p50_us"] / 1e6, told["p99_us"] / 1e6, told["requests"])
