"""Counts of requests, and the text in which they and the runtime's numbers are scraped (Prometheus' text format 0.0.4).

`observe` stands in the way of every call, so it adds to plain numbers and nothing else. It belongs to the event loop.
No handle, id or address of anybody is a label: labels are words of the engine's own, and few.
"""

from __future__ import annotations

import platform
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import version
from itertools import accumulate

from steamship_engine.app.process import ProcessFacts
from steamship_engine.model.states import StopReason, TaskState, WorkerState
from steamship_engine.runtime.port import EgressStats, RuntimeStats

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

VERBS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
"""The verbs that are counted by name; every other one is `OTHER`."""

BOUNDS = (0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)  # fmt: skip
"""Upper bounds of the histograms, in seconds: from a warm call to the longest one."""

TIMED = ("api", "gateway")
"""The doors whose requests are timed."""

Labels = Mapping[str, str]
Samples = Iterable[tuple[Labels, float]]


class Metrics:
    """What one engine has counted since its start."""

    def __init__(self) -> None:
        self._requests: dict[tuple[str, str, int], int] = {}
        self._times = {door: _Times() for door in TIMED}

    def observe(self, door: str, verb: str, status: int, seconds: float) -> None:
        """Count a request that `door` has answered with an HTTP status, `seconds` after it came."""
        key = (door, verb, status // 100)
        try:
            self._requests[key] += 1
        except KeyError:
            self._first(door, verb, status)
        times = self._times.get(door)
        if times is not None:
            times.counts[bisect_left(BOUNDS, seconds)] += 1
            times.sum += seconds

    def text(self, stats: RuntimeStats, tasks: Mapping[TaskState, int] | None, process: ProcessFacts) -> str:
        """Everything as it is now. `tasks` are those that have not ended, by state; None: the database does not say."""
        return "".join(line + "\n" for line in self._lines(stats, tasks, process))

    def _first(self, door: str, verb: str, status: int) -> None:
        key = (door, verb if verb in VERBS else "OTHER", status // 100)
        self._requests[key] = self._requests.get(key, 0) + 1

    def _lines(
        self, stats: RuntimeStats, tasks: Mapping[TaskState, int] | None, process: ProcessFacts
    ) -> Iterator[str]:
        info = {"version": version("steamship-engine"), "python": platform.python_version()}
        yield from _family("steamship_engine_info", "gauge", "Which engine this is.", [(info, 1)])
        yield from _family(
            "steamship_requests_total",
            "counter",
            "Requests that were answered, by door, verb and class of the status.",
            (
                ({"door": door, "verb": verb, "status": f"{kind}xx"}, count)
                for (door, verb, kind), count in sorted(self._requests.items())
            ),
        )
        yield from self._histograms()
        yield from _runtime(stats)
        yield from _egress(stats.egress)
        yield from _database(tasks)
        yield from _process(process)

    def _histograms(self) -> Iterator[str]:
        name = "steamship_request_seconds"
        yield from _head(name, "histogram", "Seconds from a request's arrival to the end of its answer.")
        for door, times in self._times.items():
            bounds = (*(f"{bound:g}" for bound in BOUNDS), "+Inf")
            counts = list(accumulate(times.counts))
            for bound, count in zip(bounds, counts, strict=True):
                yield _sample(f"{name}_bucket", {"door": door, "le": bound}, count)
            yield _sample(f"{name}_sum", {"door": door}, times.sum)
            yield _sample(f"{name}_count", {"door": door}, counts[-1])


class _Times:
    """How many requests took how long: `counts` by the bound that they stay below, the last for longer ones."""

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS) + 1)
        self.sum = 0.0


def _runtime(stats: RuntimeStats) -> Iterator[str]:
    living = [state for state in WorkerState if state is not WorkerState.STOPPED]
    yield from _family(
        "steamship_workers",
        "gauge",
        "Workers that live, by state.",
        (({"state": state}, stats.workers.get(state, 0)) for state in living),
    )
    yield from _family(
        "steamship_worker_stops_total",
        "counter",
        "Workers that were stopped, by the reason why.",
        (({"reason": reason}, stats.stopped.get(reason, 0)) for reason in StopReason),
    )
    for name, kind, about, value in (
        ("steamship_wakes_total", "counter", "Workers that were started for a call.", stats.wakes),
        ("steamship_wake_seconds_total", "counter", "Seconds that those starts took.", stats.wake_seconds),
        ("steamship_zygotes", "gauge", "Zygotes that live.", stats.zygotes),
        ("steamship_calls_waiting", "gauge", "Calls that wait for a worker.", stats.queued),
    ):
        yield from _family(name, kind, about, [({}, value)])


def _egress(stats: EgressStats) -> Iterator[str]:
    yield from _family(
        "steamship_egress_bytes_total",
        "counter",
        "Bytes that workers sent through the proxy, and got.",
        [({"direction": "sent"}, stats.sent), ({"direction": "received"}, stats.received)],
    )
    yield from _family(
        "steamship_egress_requests_total",
        "counter",
        "Requests of workers to the proxy that were passed on, refused by its rules, or failed at the other end.",
        (
            ({"outcome": outcome}, count)
            for outcome, count in (
                ("passed", stats.passed),
                ("refused", stats.refused),
                ("failed", stats.failed),
            )
        ),
    )
    yield from _family(
        "steamship_egress_connections",
        "gauge",
        "Connections of workers to the proxy.",
        [({}, stats.connections)],
    )


def _database(tasks: Mapping[TaskState, int] | None) -> Iterator[str]:
    yield from _family(
        "steamship_database_up", "gauge", "1 where the database answers.", [({}, 0 if tasks is None else 1)]
    )
    if tasks is not None:
        yield from _family(
            "steamship_tasks",
            "gauge",
            "Tasks in the database that have not ended.",
            (({"state": state}, tasks.get(state, 0)) for state in (TaskState.WAITING, TaskState.RUNNING)),
        )


def _process(facts: ProcessFacts) -> Iterator[str]:
    """Of the engine's own process, without its workers, under the names that all exporters use."""
    for name, kind, about, value in (
        ("process_cpu_seconds_total", "counter", "Processor time of the engine.", facts.cpu_s),
        ("process_resident_memory_bytes", "gauge", "Resident memory of the engine.", facts.resident),
        ("process_open_fds", "gauge", "Open descriptors of the engine.", facts.descriptors),
        ("process_start_time_seconds", "gauge", "When the engine started, since 1970.", facts.started),
    ):
        yield from _family(name, kind, about, [({}, value)])


def _family(name: str, kind: str, about: str, samples: Samples) -> Iterator[str]:
    yield from _head(name, kind, about)
    for labels, value in samples:
        yield _sample(name, labels, value)


def _head(name: str, kind: str, about: str) -> Iterator[str]:
    yield f"# HELP {name} {about}"
    yield f"# TYPE {name} {kind}"


def _sample(name: str, labels: Labels, value: float) -> str:
    """Labels are our own words: none has a quote, a backslash or a line's end that would have to be escaped."""
    told = ",".join(f'{label}="{text}"' for label, text in labels.items())
    return f"{name}{{{told}}} {value!r}" if told else f"{name} {value!r}"
