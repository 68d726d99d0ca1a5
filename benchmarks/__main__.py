"""`make bench`: measures the engine and its peers, prints tables, keeps the figures as JSON.

    python -m benchmarks [--parts warm,wake] [--peers asgi,fastapi] [--quick] [--list]

Exit code 1 if a part could not be measured, 2 if nothing could.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import (
    busy,
    contenders,
    memory,
    processes,
    redeploy,
    report,
    starts,
    stored,
    targets,
    tasks,
    warm,
    wrk,
)
from benchmarks.cores import all_cores, mine, one_core
from benchmarks.report import Section
from benchmarks.scale import FULL, QUICK, Scale
from benchmarks.servers import NotRunError
from benchmarks.wrk import LoadError

from tools.stamps import ROOT

_RESULTS = Path(__file__).with_name("results")
Part = Callable[[Path], list[Section]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the chosen parts, one after the other."""
    options = _parser().parse_args(arguments)
    scale = QUICK if options.quick else FULL
    try:
        peers = contenders.chosen(options.peers, quick=options.quick)
        parts = _chosen(_parts(scale, peers), options.parts)
    except ValueError as error:
        return _refused(str(error))
    if (lacking := wrk.missing()) is not None:
        return _refused(lacking)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    processes.adopt_orphans()
    begin = time.monotonic()
    seconds: dict[str, float] = {}
    sections: list[Section] = [_about(scale)]
    figures: dict[str, object] = {}
    failed = False
    with tempfile.TemporaryDirectory(prefix="steamship-bench-", ignore_cleanup_errors=True) as folder:
        for name, part in parts.items():
            began = time.monotonic()
            done = _run(name, part, Path(folder) / name)
            seconds[name] = round(time.monotonic() - began, 1)
            failed |= any(_failed(section) for section in done)
            sections += done
            # The second table of warm calls is told, not judged.
            figures[name] = done[0].figures
            figures |= {f"{name}, {section.title}": section.figures for section in done[1:]}
    sections.append(targets.section(figures))
    seconds["all"] = round(time.monotonic() - begin, 1)
    each = ", ".join(f"{name} {took:.0f}" for name, took in seconds.items())
    sections[0].notes.append(f"Seconds that it took: {each}.")
    text = report.markdown(sections)
    print(text)
    _keep(
        text,
        {"run": sections[0].figures, "seconds": seconds, "figures": figures, "targets": sections[-1].figures},
    )
    return 1 if failed else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make bench", description="Measure the engine beside its peers.")
    parser.add_argument("--parts", help="parts to measure, separated by commas; all by default")
    parser.add_argument(
        "--peers",
        help="peers of the warm calls, separated by commas; by default all, asgi and fastapi if quick",
    )
    parser.add_argument("--quick", action="store_true", help="fewer and shorter: does everything work")
    return parser


def _parts(scale: Scale, peers: Sequence[contenders.Peer]) -> dict[str, Part]:
    """Every part by name, in the order in which they run."""
    one, every = one_core(mine()), all_cores(mine())
    return {
        "warm": lambda folder: [
            warm.measure(one, peers, scale, folder / "one"),
            warm.measure(every, peers, scale.halved(), folder / "all"),
        ],
        "wake": lambda folder: [starts.measure(one, scale, folder)],
        "memory": lambda folder: [memory.measure(every, scale, folder)],
        "stored": lambda folder: [stored.measure(one, scale, folder)],
        "redeploy": lambda folder: [redeploy.measure(every, scale, folder)],
        "busy": lambda folder: [busy.measure((one, every), scale, folder)],
        "task": lambda folder: [tasks.measure(one, scale, folder)],
    }


def _chosen(parts: dict[str, Part], names: str | None) -> dict[str, Part]:
    """The parts that a list like "warm,wake" names; ValueError for a name that none has."""
    wanted = [name.strip() for name in (names or "").split(",") if name.strip()] or list(parts)
    for name in wanted:
        if name not in parts:
            raise ValueError(f'no part is called "{name}"; there are {", ".join(parts)}')
    return {name: parts[name] for name in wanted}


def _run(name: str, part: Part, folder: Path) -> list[Section]:
    """The part's sections; one without figures that says why, where it failed."""
    print(f"bench: {name}", file=sys.stderr, flush=True)
    try:
        return part(folder)
    except Exception as error:
        if not isinstance(error, NotRunError | LoadError):
            import traceback

            traceback.print_exc()
        return [Section(name.capitalize(), [f"{report.NOT_RUN}: {error}"])]
    finally:
        # Every server was ended by who started it; what an error has left is ended here.
        left = processes.descendants(os.getpid())
        if left:
            print(f"bench: {name} left {len(left)} processes, which are ended now", file=sys.stderr)
        processes.end_all(left)


def _failed(section: Section) -> bool:
    """Whether nothing of ours was measured."""
    missing = section.figures.get("not_run")
    return not section.figures or (isinstance(missing, dict) and "steamship" in missing)


def _about(scale: Scale) -> Section:
    """What was measured, and on what."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    load = os.getloadavg()[0]
    section = Section("Benchmark")
    section.figures = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _commit(),
        "python": platform.python_version(),
        "kernel": platform.release(),
        "processor": model,
        "cores": len(mine()),
        "load_before": load,
        "scale": asdict(scale),
    }
    section.notes.append(
        f"Commit {section.figures['commit']}, CPython {platform.python_version()}, Linux {platform.release()}, "
        f"{len(mine())} cores of {model}; load average {load:.2f} when it began"
        f"{', so something else was running' if load > 0.5 else ''}. Scale: {scale.name}"
        f"{'' if scale is FULL else ', with fewer counts than musts and goals are about'}."
    )
    return section


def _commit() -> str:
    git = ["git", "-c", f"safe.directory={ROOT}", "-C", str(ROOT)]
    said = subprocess.run([*git, "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    changed = subprocess.run([*git, "status", "--porcelain"], capture_output=True, text=True, check=False)
    return (said.stdout.strip() or "unknown") + (" and changes" if changed.stdout.strip() else "")


def _keep(text: str, everything: dict[str, object]) -> None:
    """Write figures and tables to `results/`, under the time and as the latest."""
    _RESULTS.mkdir(exist_ok=True)
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    figures = json.dumps(everything, indent=1)
    for name in (stamp, "latest"):
        (_RESULTS / f"{name}.json").write_text(figures)
        (_RESULTS / f"{name}.md").write_text(text)
    print(f"bench: figures in {(_RESULTS / 'latest.json').relative_to(ROOT)}", file=sys.stderr)


def _refused(why: str) -> int:
    print(f"bench: {why}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
