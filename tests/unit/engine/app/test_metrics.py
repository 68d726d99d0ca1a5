"""The text of the metrics, read by the parser of Prometheus' own client."""

from __future__ import annotations

from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from steamship_engine.app.metrics import BOUNDS, Metrics
from steamship_engine.app.process import ProcessFacts
from steamship_engine.model.states import StopReason, TaskState, WorkerState
from steamship_engine.runtime.port import EgressStats, RuntimeStats

NOTHING = RuntimeStats({})
FACTS = ProcessFacts(cpu_s=1.5, resident=50_000_000, descriptors=20, started=1_700_000_000.25)

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def scraped(metrics: Metrics, stats: RuntimeStats = NOTHING, tasks: Any = None) -> Samples:
    """Every sample by its name and labels; each is there once."""
    text = metrics.text(stats, {} if tasks is None else tasks, FACTS)
    found: Samples = {}
    for family in text_string_to_metric_families(text):
        assert family.documentation.endswith(".")
        for sample in family.samples:
            key = (sample.name, frozenset(sample.labels.items()))
            assert key not in found
            found[key] = sample.value
    return found


def one(samples: Samples, name: str, **labels: str) -> float:
    """The sample of that name with these labels."""
    return samples[name, frozenset(labels.items())]


def test_requests_are_counted_by_door_verb_and_class() -> None:
    """Statuses of one class are one series; each door and verb has its own."""
    metrics = Metrics()
    for door, verb, status in (
        ("gateway", "POST", 200),
        ("gateway", "POST", 204),
        ("gateway", "POST", 500),
        ("gateway", "GET", 200),
        ("api", "POST", 404),
        ("health", "GET", 503),
    ):
        metrics.observe(door, verb, status, 0.1)
    samples = scraped(metrics)
    told = {key[1]: value for key, value in samples.items() if key[0] == "steamship_requests_total"}
    assert {tuple(sorted(dict(labels).items())): value for labels, value in told.items()} == {
        (("door", "gateway"), ("status", "2xx"), ("verb", "POST")): 2,
        (("door", "gateway"), ("status", "5xx"), ("verb", "POST")): 1,
        (("door", "gateway"), ("status", "2xx"), ("verb", "GET")): 1,
        (("door", "api"), ("status", "4xx"), ("verb", "POST")): 1,
        (("door", "health"), ("status", "5xx"), ("verb", "GET")): 1,
    }


def test_what_left_through_the_proxy_is_told() -> None:
    """Bytes each way, requests by what became of them, and open connections; of whose they are nothing."""
    egress = EgressStats(sent=5, received=70, passed=4, refused=3, failed=2, connections=1)
    samples = scraped(Metrics(), RuntimeStats({}, egress=egress))
    told = {
        (key[0].removeprefix("steamship_egress_"), *dict(key[1]).values()): value
        for key, value in samples.items()
        if "_egress_" in key[0]
    }
    assert told == {
        ("bytes_total", "sent"): 5,
        ("bytes_total", "received"): 70,
        ("requests_total", "passed"): 4,
        ("requests_total", "refused"): 3,
        ("requests_total", "failed"): 2,
        ("connections",): 1,
    }


def test_made_up_verbs_make_no_series() -> None:
    """Whatever verbs clients send, those that no request has by rights are counted together."""
    metrics = Metrics()
    for number in range(50):
        metrics.observe("front", f"BREW{number}", 405, 0.1)
    samples = scraped(metrics)
    assert one(samples, "steamship_requests_total", door="front", verb="OTHER", status="4xx") == 50
    assert sum(key[0] == "steamship_requests_total" for key in samples) == 1


@pytest.mark.parametrize("door", ["api", "gateway"])
def test_a_histogram_counts_up_to_each_bound(door: str) -> None:
    """A bucket holds the requests that took as long as its bound or less, the last one all; sum and count agree."""
    metrics = Metrics()
    for seconds in (0.0001, 0.001, 0.0011, 1000):
        metrics.observe(door, "POST", 200, seconds)
    samples = scraped(metrics)

    def below(bound: str) -> float:
        return one(samples, "steamship_request_seconds_bucket", door=door, le=bound)

    assert [below("0.00025"), below("0.001"), below("0.0025"), below("300"), below("+Inf")] == [1, 2, 3, 3, 4]
    assert one(samples, "steamship_request_seconds_count", door=door) == 4
    assert one(samples, "steamship_request_seconds_sum", door=door) == pytest.approx(1000.0022)
    buckets = [
        key for key in samples if key[0] == "steamship_request_seconds_bucket" and ("door", door) in key[1]
    ]
    assert len(buckets) == len(BOUNDS) + 1


def test_other_doors_are_not_timed() -> None:
    """Only calls and API requests have a histogram, from the start on."""
    metrics = Metrics()
    metrics.observe("health", "GET", 200, 0.1)
    doors = {
        dict(labels)["door"] for name, labels in scraped(metrics) if name == "steamship_request_seconds_count"
    }
    assert doors == {"api", "gateway"}


def test_the_runtimes_numbers_are_there() -> None:
    """Workers by state, stops by reason, wakes, zygotes and waiting calls; what did not happen is 0."""
    stats = RuntimeStats(
        workers={WorkerState.BUSY: 3, WorkerState.IDLE: 1},
        zygotes=2,
        queued=5,
        wakes=7,
        wake_seconds=0.25,
        stopped={StopReason.OVER_MEMORY: 4},
    )
    samples = scraped(Metrics(), stats)
    states = {
        dict(labels)["state"]: value
        for (name, labels), value in samples.items()
        if name == "steamship_workers"
    }
    assert states == {"starting": 0, "idle": 1, "busy": 3, "draining": 0}
    assert one(samples, "steamship_worker_stops_total", reason="overMemory") == 4
    assert one(samples, "steamship_worker_stops_total", reason="crashed") == 0
    for name, value in (
        ("zygotes", 2),
        ("calls_waiting", 5),
        ("wakes_total", 7),
        ("wake_seconds_total", 0.25),
    ):
        assert one(samples, f"steamship_{name}") == value


def test_tasks_and_the_process_are_there() -> None:
    """Tasks that have not ended, by state, and what the engine's own process takes."""
    samples = scraped(Metrics(), tasks={TaskState.WAITING: 2})
    assert one(samples, "steamship_tasks", state="waiting") == 2
    assert one(samples, "steamship_tasks", state="running") == 0
    assert one(samples, "steamship_database_up") == 1
    assert one(samples, "process_resident_memory_bytes") == 50_000_000
    assert one(samples, "process_start_time_seconds") == 1_700_000_000.25
    assert one(samples, "process_open_fds") == 20


def test_without_the_database_the_rest_is_told() -> None:
    """Numbers of tasks are then missing rather than wrong."""
    text = Metrics().text(NOTHING, None, FACTS)
    assert "steamship_database_up 0\n" in text
    assert "steamship_tasks" not in text
    assert "steamship_zygotes 0\n" in text
