"""Keys on a running engine: made, used, revoked, at the API and at a package's address."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.services.deploying import Api, Refused
from tests.services.engine import EngineProcess


@pytest.fixture
def greeter_url(api: Api, deployed_greeter: str) -> str:
    """The address of an instance of greeter in the workspace `keys`, and its fellow `other` beside it."""
    api("workspace/create", {"handle": "keys", "fetchIfExists": True})
    workspace = api("workspace/get", {"handle": "keys"})["workspace"]["id"]
    urls = []
    for handle in ("one", "other"):
        body = {
            "packageHandle": deployed_greeter,
            "handle": handle,
            "fetchIfExists": True,
            "workspaceId": workspace,
        }
        urls.append(api("package/instance/create", body)["packageInstance"]["invocationURL"])
    return str(urls[0])


def _greets(url: str, key: str) -> int:
    answer = httpx.post(
        url + "greet", json={"name": "x"}, headers={"Authorization": f"Bearer {key}"}, timeout=60
    )
    return answer.status_code


def _made(api: Api, **body: Any) -> dict[str, Any]:
    key: dict[str, Any] = api("key/create", {"name": "test", **body})["key"]
    return key


def test_a_revoked_key_ends_at_once(api: Api, engine: EngineProcess, greeter_url: str) -> None:
    """The call after `key/revoke` is refused by the API and by the package's address, warm or not."""
    key = _made(api)
    other = Api(engine.api_base, key["apiKey"])
    assert other("account/current")["user"]["handle"] == "admin"
    assert _greets(greeter_url, key["apiKey"]) == 200
    api("key/revoke", {"id": key["id"]})
    assert _greets(greeter_url, key["apiKey"]) == 401
    with pytest.raises(Refused, match="valid key"):
        other("account/current")
    other.close()


@pytest.mark.parametrize(
    ("scope", "statuses"),
    [
        ({}, (200, 200)),
        ({"workspaceHandle": "keys"}, (200, 200)),
        ({"workspaceHandle": "keys", "instanceHandle": "one"}, (200, 404)),
        ({"workspaceHandle": "default"}, (404, 404)),
    ],
)
def test_scopes_bind_calls_too(
    api: Api, greeter_url: str, scope: dict[str, str], statuses: tuple[int, int]
) -> None:
    """A key for a workspace or an instance calls what is there, and finds nothing else."""
    api("workspace/create", {"handle": "default", "fetchIfExists": True})
    key = _made(api, **scope)["apiKey"]
    other = greeter_url.replace("/one/", "/other/")
    assert (_greets(greeter_url, key), _greets(other, key)) == statuses


def test_a_key_for_one_instance_does_nothing_else(api: Api, engine: EngineProcess, greeter_url: str) -> None:
    """Such a key finds its instance and calls it; files, tasks and the account are closed to it."""
    made = _made(api, workspaceHandle="keys", instanceHandle="one")
    narrow = Api(engine.api_base, made["apiKey"])
    assert narrow("package/instance/get", {"handle": "one"})["packageInstance"]["handle"] == "one"
    for operation in ("file/list", "tag/query", "task/list", "account/current", "package/create"):
        with pytest.raises(Refused, match="cannot call|Cannot use"):
            narrow(operation, {"tagFilterQuery": "all"})
    narrow.close()


def test_an_expired_key_opens_nothing(api: Api, engine: EngineProcess) -> None:
    """A key works until its expiry, which must lie ahead, and is listed with it."""
    with pytest.raises(Refused, match="in the past"):
        _made(api, expiresAt="2020-01-01T00:00:00Z")
    key = _made(api, expiresAt="2999-01-01T00:00:00Z")
    listed = {found["id"]: found for found in api("key/list", {"pageSize": 1000})["keys"]}
    assert listed[key["id"]]["expiresAt"] == "2999-01-01T00:00:00Z"
    assert all("apiKey" not in found for found in listed.values())
