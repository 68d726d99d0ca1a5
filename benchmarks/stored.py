"""Few instances in the store against very many: warm calls and wakes of one of them, in turn."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import starts, warm
from benchmarks.cores import Cores
from benchmarks.engine import Engine, running
from benchmarks.figures import Spread, Times
from benchmarks.processes import on_cores
from benchmarks.report import Section, Table, duration, spread, spread_of_times
from benchmarks.scale import Scale
from benchmarks.wrk import Load
from sqlalchemy import Connection, insert, select

from steamship_engine.model.handles import folded
from steamship_engine.model.identifiers import new_id
from steamship_engine.model.states import InitStatus
from steamship_engine.store.columns import now
from steamship_engine.store.database import Database
from steamship_engine.store.schema import instances, versions, workspaces

_BATCH = 5_000


@dataclass
class _Side:
    """One engine and what was measured of it."""

    engine: Engine
    count: int
    many: list[Load] = field(default_factory=list)
    one: list[Load] = field(default_factory=list)
    woken: list[list[float]] = field(default_factory=list)


def measure(cores: Cores, scale: Scale, folder: Path) -> Section:
    """Rounds of warm calls and wakes on one engine after the other."""
    with ExitStack() as stack:
        sides = [
            _Side(stack.enter_context(running(cores.server, folder / str(count))), count)
            for count in scale.stored
        ]
        for side in sides:
            fill(side.engine, side.count)
        with on_cores(cores.caller):
            for _ in range(scale.repeats):
                for side in sides:
                    _round(side, cores, scale)
    return _report(sides, cores)


def _round(side: _Side, cores: Cores, scale: Scale) -> None:
    many, one = (kind for kind in warm.KINDS if kind.changing)
    side.many.append(warm.load(side.engine, many, cores, scale))
    side.one.append(warm.load(side.engine, one, cores, scale))
    wakes = max(scale.starts // scale.repeats, 1)
    side.woken.append([starts.wake(side.engine, "sleeper") for _ in range(wakes)])


def fill(engine: Engine, count: int) -> None:
    """Add instances of the package, each in a workspace of its own, until there are `count`."""
    engine.target()
    engine.use("sleeper")
    database = Database(f"sqlite:///{engine.data / 'engine.db'}")
    try:
        with database.begin() as connection:
            _insert(connection, count - 2)
    finally:
        database.close()


def _insert(connection: Connection, count: int) -> None:
    version = connection.execute(select(versions.c.id, versions.c.package_id)).one()
    user_id = connection.execute(select(workspaces.c.user_id).limit(1)).scalar_one()
    moment = now()
    for first in range(0, count, _BATCH):
        named = [(f"stored-{number}", new_id()) for number in range(first, min(first + _BATCH, count))]
        shared = {"created_at": moment, "updated_at": moment, "user_id": user_id}
        connection.execute(
            insert(workspaces),
            [{**shared, "id": id_, "handle": name, "handle_key": folded(name)} for name, id_ in named],
        )
        connection.execute(
            insert(instances),
            [
                {
                    **shared,
                    "id": new_id(),
                    "workspace_id": workspace_id,
                    "package_id": version.package_id,
                    "version_id": version.id,
                    "handle": name,
                    "handle_key": folded(name),
                    "config": {},
                    "init_status": InitStatus.NOT_NEEDED.value,
                }
                for name, workspace_id in named
            ],
        )


def _report(sides: list[_Side], cores: Cores) -> Section:
    few = sides[0]
    section = Section("Many instances in the store")
    section.notes.append(
        f"Each engine on the same core, {cores.title}; headers that change with every call; "
        f"{len(few.many)} rounds in turn; ratios to {few.count:,} instances are taken round by round."
    )
    rows = []
    for side in sides:
        ratios = {
            "rate": Spread.of_ratios([load.rate for load in few.many], [load.rate for load in side.many]),
            "p50": Spread.of_ratios([load.p50 for load in side.one], [load.p50 for load in few.one]),
            "wake": Spread.of_ratios(
                [Times.of(seconds).p50 for seconds in side.woken],
                [Times.of(seconds).p50 for seconds in few.woken],
            ),
        }
        wakes = Times.of([second for seconds in side.woken for second in seconds])
        rows.append(
            [
                f"{side.count:,} instances",
                spread(Spread.of([load.rate for load in side.many])),
                spread(ratios["rate"]),
                spread_of_times(Spread.of([load.p50 for load in side.one])),
                spread(ratios["p50"]),
                duration(wakes.p50),
                duration(wakes.p99),
                spread(ratios["wake"]),
            ]
        )
        section.figures[str(side.count)] = {
            "ratios": {name: ratio.median for name, ratio in ratios.items()},
            "wake": vars(wakes),
            "many": [vars(load) for load in side.many],
            "one": [vars(load) for load in side.one],
        }
    heads = ["", "calls/s at 32", "slower by", "p50 at 1", "slower by", "wake p50", "wake p99", "slower by"]
    section.tables.append(Table(heads, rows))
    section.figures["most"] = sides[-1].count
    return section
