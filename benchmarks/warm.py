"""Warm calls: the same greeting from our engine and from every peer, in turn, on the same cores.

Servers that cost nothing while idle stay up through all rounds; heavy ones are started anew for each.
A round measures every server once, each kind of call from one after the other, so repeats come A B C A B C,
and a ratio is taken within a round.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from benchmarks import contenders, wrk
from benchmarks.contenders import Peer
from benchmarks.cores import Cores
from benchmarks.engine import Engine
from benchmarks.figures import Spread
from benchmarks.report import NOT_RUN, Section, Table, duration, spread, spread_of_times
from benchmarks.scale import Scale
from benchmarks.servers import NotRunError, Server, check_greeting
from benchmarks.wrk import Load, LoadError

CONNECTIONS = 32
_WARM_UP_S = 1
_OURS = "Steamship, through a worker"


@dataclass(frozen=True)
class Kind:
    """One way of calling."""

    name: str
    connections: int
    changing: bool


KINDS = (
    Kind("32-repeating", CONNECTIONS, changing=False),
    Kind("32-changing", CONNECTIONS, changing=True),
    Kind("1-repeating", 1, changing=False),
    Kind("1-changing", 1, changing=True),
)


@dataclass
class Entry:
    """One server and what was measured of it; `why` says why nothing was."""

    name: str
    title: str
    make: Callable[[], Server]
    heavy: bool = False  # costs something while idle: started anew for each round
    server: Server | None = None
    why: str | None = None
    loads: dict[str, list[Load]] = field(default_factory=lambda: {kind.name: [] for kind in KINDS})


def measure(cores: Cores, peers: Sequence[Peer], scale: Scale, folder: Path) -> Section:
    """Load our engine and the peers on `cores`, interleaved."""
    entries = [
        Entry("steamship", _OURS, Engine),
        *(
            Entry(peer.name, f"{peer.title} {contenders.version(peer)}", _maker(peer), peer.heavy)
            for peer in peers
        ),
    ]
    try:
        for turn in range(scale.repeats):
            _round(entries, turn, cores, scale, folder)
    finally:
        for entry in entries:
            _stop(entry)
    return report(entries, cores, scale)


def _maker(peer: Peer) -> Callable[[], Server]:
    return lambda: contenders.installed(peer)


def _round(entries: Sequence[Entry], turn: int, cores: Cores, scale: Scale, folder: Path) -> None:
    """One figure of each kind from each server: kind by kind from those that stay, then from each heavy one."""
    staying = [entry for entry in entries if not entry.heavy]
    for entry in staying:
        if entry.server is None:
            _start(entry, cores, folder / entry.name)
    for kind in KINDS:
        for entry in staying:
            _take(entry, kind, cores, scale)
    if turn < scale.repeats_of_heavy:
        for entry in entries:
            if entry.heavy:
                _start(entry, cores, folder / f"{entry.name}-{turn}")
                for kind in KINDS:
                    _take(entry, kind, cores, scale)
                _stop(entry)
    for entry in entries:
        said = entry.why or ", ".join(
            f"{name} {loads[-1].rate:,.0f}/s" for name, loads in entry.loads.items() if loads
        )
        print(f"bench: {cores.title}, round {turn + 1}, {entry.title}: {said}", file=sys.stderr, flush=True)


def _start(entry: Entry, cores: Cores, folder: Path) -> None:
    """Have its server run; one that has failed is out for good."""
    if entry.why is not None:
        return
    try:
        server = entry.make()
        folder.mkdir(parents=True)
        server.start(cores.server, folder)
        entry.server = server
    except NotRunError as error:
        entry.why = str(error)


def _take(entry: Entry, kind: Kind, cores: Cores, scale: Scale) -> None:
    """One figure of its server, if that runs."""
    if entry.server is None:
        return
    try:
        entry.loads[kind.name].append(load(entry.server, kind, cores, scale))
    except (NotRunError, LoadError) as error:
        entry.why = str(error)
        _stop(entry)


def _stop(entry: Entry) -> None:
    if entry.server is not None:
        entry.server.stop()
        entry.server = None


def load(server: Server, kind: Kind, cores: Cores, scale: Scale) -> Load:
    """One figure, after the server has really greeted and warmed up."""
    target = server.target()
    check_greeting(target)
    run = partial(wrk.run, target, connections=kind.connections, changing=kind.changing, cores=cores.caller)
    run(seconds=_WARM_UP_S)
    return run(seconds=scale.load_s)


def report(entries: Sequence[Entry], cores: Cores, scale: Scale) -> Section:
    """The tables: one a way of sending headers."""
    section = Section(f"Warm calls, {cores.title}")
    section.notes.append(
        f"`greet` by POST, JSON in, text out; load by {wrk.version()} from one thread, {scale.load_s} s a figure "
        f"after {_WARM_UP_S} s of warm-up, {scale.repeats} rounds ({scale.repeats_of_heavy} of heavy peers), interleaved; "
        f"server on cores {_listed(cores.server)}, load on {_listed(cores.caller)}; medians, with (lowest-highest)."
    )
    for changing in (False, True):
        many, one = (_kind(connections, changing).name for connections in (CONNECTIONS, 1))
        rows = [_row(entry, entries, many, one) for entry in entries]
        heads = ("", "calls/s at 32", "of bare ASGI", "of FastAPI", "p50 at 1", "p50 of FastAPI", "p99 at 1")
        words = "headers that change with every call" if changing else "headers that repeat"
        section.tables.append(Table(heads, rows, words))
    section.notes += [f"{entry.title}: {NOT_RUN}: {entry.why}" for entry in entries if entry.why]
    section.figures = {
        "rounds": {
            entry.name: {name: [vars(load) for load in loads] for name, loads in entry.loads.items()}
            for entry in entries
        },
        "not_run": {entry.name: entry.why for entry in entries if entry.why},
        "ratios": _ratios(entries),
    }
    return section


def _kind(connections: int, changing: bool) -> Kind:
    return next(kind for kind in KINDS if (kind.connections, kind.changing) == (connections, changing))


def _row(entry: Entry, entries: Sequence[Entry], many: str, one: str) -> list[str]:
    if not entry.loads[many]:
        return [entry.title, NOT_RUN, *["-"] * 5]
    loads = entry.loads
    times = Spread.of([load.p50 for load in loads[one]])
    return [
        entry.title,
        spread(Spread.of([load.rate for load in loads[many]])),
        _told(rate_ratio(entries, entry.name, "asgi", many)),
        _told(rate_ratio(entries, entry.name, "fastapi", many)),
        spread_of_times(times),
        _told(time_ratio(entries, entry.name, "fastapi", one)),
        duration(Spread.of([load.p99 for load in loads[one]]).median),
    ]


def rate_ratio(entries: Sequence[Entry], ours: str, theirs: str, kind: str) -> Spread | None:
    """Throughput against another's, round by round; None where either has none."""
    return _ratio(entries, ours, theirs, kind, lambda load: load.rate)


def time_ratio(entries: Sequence[Entry], ours: str, theirs: str, kind: str) -> Spread | None:
    """p50 against another's, round by round; None where either has none."""
    return _ratio(entries, ours, theirs, kind, lambda load: load.p50)


def _ratio(
    entries: Sequence[Entry], ours: str, theirs: str, kind: str, figure: Callable[[Load], float]
) -> Spread | None:
    loads = {entry.name: [figure(load) for load in entry.loads[kind]] for entry in entries}
    if not loads.get(ours) or not loads.get(theirs):
        return None
    return Spread.of_ratios(loads[ours], loads[theirs])


def _ratios(entries: Sequence[Entry]) -> dict[str, float]:
    """Medians that targets are about, by name; what was not measured is not there."""
    wanted = {
        f"rate_of_{other}_{'changing' if changing else 'repeating'}": rate_ratio(
            entries, "steamship", other, _kind(CONNECTIONS, changing).name
        )
        for other in ("asgi", "fastapi", "fastapi-def")
        for changing in (False, True)
    }
    wanted |= {
        f"p50_of_{other}_{'changing' if changing else 'repeating'}": time_ratio(
            entries, "steamship", other, _kind(1, changing).name
        )
        for other in ("fastapi", "fastapi-def")
        for changing in (False, True)
    }
    return {name: ratio.median for name, ratio in wanted.items() if ratio is not None}


def _told(ratio: Spread | None) -> str:
    return "-" if ratio is None else spread(ratio)


def _listed(cores: Sequence[int]) -> str:
    return ", ".join(str(core) for core in cores)
