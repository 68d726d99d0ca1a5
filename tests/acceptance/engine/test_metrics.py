"""`/metrics` of a real engine, read by the parser of Prometheus' own client."""

from __future__ import annotations

import httpx
from prometheus_client.parser import text_string_to_metric_families

from tests.acceptance.conftest import StartEngine
from tests.packages import bundle
from tests.services.deploying import Api
from tests.services.engine import EngineProcess

KEY = "k" * 40


def scrape(engine: EngineProcess, **headers: str) -> httpx.Response:
    """One scrape."""
    return httpx.get(f"{engine.app_base}metrics", headers=headers, timeout=30, trust_env=False)


def samples(engine: EngineProcess) -> dict[tuple[str, ...], float]:
    """Every sample by its name and the values of its labels, in alphabetical order of these."""
    answer = scrape(engine)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_calls_and_workers_are_counted(start_engine: StartEngine) -> None:
    """Cold, warm and refused calls are counted once each, and the worker that they woke; no handle stands there."""
    engine = start_engine()
    api = Api(engine.api_base, engine.key)
    api.deploy("secretive-package", bundle("greeter"), version="1.0.0")
    made = api(
        "package/instance/create",
        {
            "packageHandle": "secretive-package",
            "handle": "secretive",
            "workspaceHandle": "secretive",
            "createWorkspace": True,
        },
        headers={"x-steamship-accept": "use/1"},
    )["packageInstance"]
    before = samples(engine)
    with httpx.Client(headers={"authorization": f"Bearer {engine.key}"}, trust_env=False) as client:
        for _ in range(10):
            assert client.post(made["invocationURL"] + "greet", json={}).status_code == 200
        assert client.post(made["invocationURL"] + "gret", json={}).status_code == 404
    api.close()
    text = scrape(engine).text
    after = samples(engine)
    assert "steamship_requests_total" not in {name for name, *labels in before if labels[:1] == ["gateway"]}
    assert after["steamship_requests_total", "gateway", "2xx", "POST"] == 10
    assert after["steamship_requests_total", "gateway", "4xx", "POST"] == 1
    assert after["steamship_request_seconds_count", "gateway"] == 11
    assert after["steamship_request_seconds_bucket", "gateway", "+Inf"] == 11
    assert after["steamship_requests_total", "metrics", "2xx", "GET"] == 2
    assert after["steamship_requests_total", "api", "2xx", "POST"] > 0
    assert (before["steamship_wakes_total",], after["steamship_wakes_total",]) == (0, 1)
    assert after["steamship_wake_seconds_total",] > 0
    assert after["steamship_workers", "idle"] == 1
    assert after["steamship_database_up",] == 1
    assert after["steamship_tasks", "running"] == 0
    assert after["process_resident_memory_bytes",] > 10_000_000
    for word in ("secretive", made["id"], made["workspaceId"], "admin"):
        assert word not in text


def test_with_a_key_it_is_needed(start_engine: StartEngine) -> None:
    """The key opens the metrics under any host name; without it, and with a user's, there is nothing to be read."""
    engine = start_engine(environ={"STEAMSHIP_ENGINE_METRICS_KEY": KEY})
    for headers in ({}, {"authorization": f"Bearer {engine.key}"}):
        refused = scrape(engine, **headers)
        assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer")
        assert "steamship_engine_info" not in refused.text
    opened = scrape(engine, authorization=f"Bearer {KEY}", host="10.0.0.5:8080")
    assert opened.status_code == 200
    assert opened.text.startswith("# HELP steamship_engine_info ")
    assert KEY not in engine.log()


def test_another_host_name_is_refused_without_a_key(start_engine: StartEngine) -> None:
    """A page that a browser loaded from elsewhere, under a name that leads here, reads nothing."""
    refused = scrape(start_engine(), host="rebound.example")
    assert refused.status_code == 403
    assert "STEAMSHIP_ENGINE_METRICS_KEY" in refused.json()["status"]["statusSuggestion"]
