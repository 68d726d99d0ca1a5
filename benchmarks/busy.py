"""Warm calls of one connection, alone and while the control plane is kept busy beside them.

Busy means: 20 connections that send control calls without a pause, and a bundle of 190 MiB (less in a
quick run) that is uploaded and deployed, again and again, for as long as the load lasts.
"""

from __future__ import annotations

import http.client
import io
import json
import os
import threading
import time
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import wrk
from benchmarks.control_calls import PATIENCE_S, ControlCalls
from benchmarks.cores import Cores
from benchmarks.engine import PACKAGE, Engine, running
from benchmarks.figures import Spread
from benchmarks.report import Section, Table, duration, spread, spread_of_times
from benchmarks.scale import Scale
from benchmarks.servers import NotRunError
from benchmarks.wrk import Load, Target

CALLERS = 20
_MIB = 1 << 20
_NUMBER = 16  # digits


@dataclass
class _Uploads:
    """Bundles that were sent: seconds until the engine had one, and until it was deployed or refused."""

    sent: list[float] = field(default_factory=list)
    deployed: list[float] = field(default_factory=list)
    failed: str | None = None


@dataclass(frozen=True)
class _Pair:
    """One round: idle, then busy, and what the control callers got done meanwhile."""

    idle: Load
    busy: Load
    control: float


def measure(layouts: Sequence[Cores], scale: Scale, folder: Path) -> Section:
    """Idle and busy rounds in turn, for each layout of cores."""
    section = Section("Warm calls while the control plane works")
    section.notes.append(
        f"p99 of `greet` over one connection, headers that change; busy: {CALLERS} connections sending control calls "
        f"without a pause, and a {scale.upload_mib} MiB bundle uploaded and deployed over and over; "
        f"{scale.repeats} rounds, idle and busy in turn."
    )
    rows = []
    for cores in layouts:
        with running(cores.server, folder / cores.title.replace(" ", "-")) as engine:
            uploads = _Uploads()
            pairs = [_pair(engine, cores, scale, uploads) for _ in range(scale.repeats)]
        if uploads.failed or not uploads.sent:
            raise NotRunError(f"{cores.title}: an upload failed: {uploads.failed or 'none was sent'}")
        ratio = Spread.of_ratios([pair.busy.p99 for pair in pairs], [pair.idle.p99 for pair in pairs])
        rows.append(
            [
                cores.title,
                spread_of_times(Spread.of([pair.idle.p99 for pair in pairs])),
                spread_of_times(Spread.of([pair.busy.p99 for pair in pairs])),
                spread(ratio),
                spread(Spread.of([pair.control for pair in pairs])),
                f"{len(uploads.sent)} ({duration(Spread.of(uploads.sent).median)})",
            ]
        )
        section.figures[cores.title] = {
            "ratio": ratio.median,
            "idle": [vars(pair.idle) for pair in pairs],
            "busy": [vars(pair.busy) for pair in pairs],
            "uploads_s": uploads.sent,
            "deploys_s": uploads.deployed,
        }
    heads = ["", "p99 idle", "p99 busy", "slower by", "control calls/s", "uploads (each)"]
    section.tables.append(Table(heads, rows))
    return section


def _pair(engine: Engine, cores: Cores, scale: Scale, uploads: _Uploads) -> _Pair:
    seconds = scale.load_s * 2
    target = engine.target()
    alone = partial(wrk.run, target, connections=1, changing=True, cores=cores.caller)
    alone(seconds=1)
    idle = alone(seconds=seconds)
    controls = [
        wrk.start(each, connections=CALLERS // 4, seconds=seconds + 1, changing=True, cores=cores.caller)
        for each in _control_targets(engine)
    ]
    try:
        with _uploading(engine, scale.upload_mib, uploads):
            time.sleep(0.5)  # so that the first upload has begun
            busy = alone(seconds=seconds)
    finally:
        done = [wrk.finish(process, seconds) for process in controls]
    return _Pair(idle, busy, sum(load.rate for load in done))


def _control_targets(engine: Engine) -> list[Target]:
    """What the callers ask for: readings, and creations that find the thing there."""
    key = engine.process.key
    instance = engine.use("warm")
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    bodies: dict[str, dict[str, Any]] = {
        "package/instance/list": {},
        "package/instance/get": {"id": instance.id},
        "workspace/create": {"handle": "warm", "fetchIfExists": True},
        "package/create": {"handle": PACKAGE, "fetchIfExists": True},
    }
    base = engine.process.api_base
    return [Target(base + operation, json.dumps(body), headers) for operation, body in bodies.items()]


@contextmanager
def _uploading(engine: Engine, mib: int, uploads: _Uploads) -> Iterator[None]:
    """Upload and deploy one bundle after the other for the length of the block; the last one ends after it."""
    ended = threading.Event()
    package = engine.use("warm").package_id
    bundle = _bundle(engine, mib)

    def work() -> None:
        try:
            with ControlCalls(engine) as calls:
                while not ended.is_set():
                    _upload(calls, str(package), bundle, uploads)
        except (OSError, http.client.HTTPException, NotRunError) as error:
            uploads.failed = str(error)

    thread = threading.Thread(target=work, name="uploads")
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(PATIENCE_S)


def _bundle(engine: Engine, mib: int) -> bytearray:
    """The package with a file of that size beside its code, which no packing makes smaller."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for name in ("api.py", "steamship.json"):
            archive.write(engine.source / name, name)
        with archive.open("ballast.bin", "w") as ballast:
            for _ in range(mib):
                ballast.write(os.urandom(_MIB))
        archive.comment = b"0" * _NUMBER
    return bytearray(packed.getvalue())


def _upload(calls: ControlCalls, package: str, bundle: bytearray, uploads: _Uploads) -> None:
    """One version of that bundle. Its last bytes are its number, so that no bundle is stored already."""
    number = len(uploads.sent)
    bundle[-_NUMBER:] = f"{number:0{_NUMBER}d}".encode()
    begin = time.perf_counter()
    task_id = calls.upload({"packageId": package, "handle": f"big-{number}"}, bundle)
    uploads.sent.append(time.perf_counter() - begin)
    while calls.state(task_id) != "succeeded":
        if time.perf_counter() - begin > PATIENCE_S:
            raise NotRunError(f"version big-{number} is not deployed after {PATIENCE_S:g} s")
        time.sleep(0.1)
    uploads.deployed.append(time.perf_counter() - begin)
