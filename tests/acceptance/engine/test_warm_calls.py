"""Warm calls on a running engine: on one connection they are answered as the first one was, and leave the same behind."""

from __future__ import annotations

import time
from typing import Any

import httpx
import pytest

from tests.services.deploying import Api
from tests.services.engine import EngineProcess


@pytest.fixture
def greet_url(api: Api, deployed_greeter: str) -> str:
    """The address of `greet` of an instance of its own."""
    api("workspace/create", {"handle": "warm", "fetchIfExists": True})
    workspace = api("workspace/get", {"handle": "warm"})["workspace"]["id"]
    body = {
        "packageHandle": deployed_greeter,
        "handle": "warm",
        "fetchIfExists": True,
        "workspaceId": workspace,
    }
    return str(api("package/instance/create", body)["packageInstance"]["invocationURL"]) + "greet"


def _kept(answer: httpx.Response) -> dict[str, str]:
    passing = {"date", "x-request-id", "content-length"}
    return {name: value for name, value in answer.headers.items() if name not in passing}


def test_warm_calls_are_answered_as_the_first(engine: EngineProcess, api: Api, greet_url: str) -> None:
    """Each of many calls on a connection has its own answer, the headers of the first, its record and its line of the log."""
    ids = [f"warm-{number}" for number in range(40)]
    with httpx.Client(
        trust_env=False, timeout=60, headers={"Authorization": f"Bearer {engine.key}"}
    ) as client:
        first = client.post(greet_url, json={"name": "first"})
        for number, request_id in enumerate(ids):
            sent = {"X-Request-Id": request_id, "traceparent": f"00-{number:032x}-{number:016x}-01"}
            answer = client.post(greet_url, json={"name": "n" * number}, headers=sent)
            assert (answer.status_code, "n" * number in answer.text) == (200, True)
            assert _kept(answer) == _kept(first)
            assert answer.headers["x-request-id"] == request_id
            assert answer.headers["content-length"] == str(len(answer.content))
    _until(lambda: all(f"ms {request_id}\n" in engine.log() for request_id in ids))
    wanted = {"size": 200, "invocableInstanceHandle": "warm", "fieldValues": {"component": "invocation"}}
    entries = api("logs/list", wanted, headers={"x-workspace-handle": "warm"})["entries"]
    recorded = [entry["requestId"] for entry in entries if entry["requestId"] in ids]
    assert sorted(recorded) == sorted(ids)


def test_a_warm_connection_sees_a_revoked_key(engine: EngineProcess, api: Api, greet_url: str) -> None:
    """On a connection that calls all the time, the call after `key/revoke` is refused."""
    key = api("key/create", {"name": "warm"})["key"]
    headers = {"Authorization": f"Bearer {key['apiKey']}"}
    with httpx.Client(trust_env=False, timeout=60, headers=headers) as client:
        assert {client.post(greet_url, json={"name": "x"}).status_code for _ in range(20)} == {200}
        api("key/revoke", {"id": key["id"]})
        assert client.post(greet_url, json={"name": "x"}).status_code == 401


def _until(true: Any) -> None:
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)
