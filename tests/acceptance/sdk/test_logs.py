"""What packages say, as `logs/list` gives it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from steamship import PackageInstance, Steamship
from steamship.base.error import InvalidRequestError, SteamshipError
from tests.services.deploying import Api, Deploy

TOKEN = "canary-of-the-logs"


@pytest.fixture(scope="module")
def logs(deploy: Deploy) -> str:
    """The package `logs`, deployed; its handle."""
    deploy("logs", "logs", version="1.0.0")
    return "logs"


@pytest.fixture
def client(at_home: object, logs: str) -> Iterator[Steamship]:
    """A client in a workspace of its own."""
    with Steamship.temporary_workspace() as made:
        yield made


@pytest.fixture
def one(client: Steamship) -> PackageInstance:
    """An instance in it."""
    return client.use("logs", "one", config={"token": TOKEN})


def listed(client: Steamship, **wanted: Any) -> dict[str, Any]:
    """The data of `logs/list`."""
    data: dict[str, Any] = client.post("logs/list", {"from": 0, "size": 100, **wanted})
    return data


def test_lines_and_calls(client: Steamship, one: PackageInstance) -> None:
    """Prints and logs are there with their levels, path, request id and instance, and one record of the call."""
    one.invoke("say", text="hello")
    data = listed(client)
    assert (data["from"], data["count"]) == (0, len(data["entries"]))
    entries = data["entries"]
    said = {(entry["level"], entry["message"]) for entry in entries if entry["component"] == "package"}
    assert said == {
        ("INFO", "printed hello"),
        ("ERROR", "to stderr hello"),
        ("INFO", "mine: info hello"),
        ("WARNING", "warning hello"),
        ("ERROR", "mine: error hello"),
    }
    [call] = [entry for entry in entries if entry["component"] == "invocation"]
    assert (call["httpMethod"], call["path"], call["httpStatus"]) == ("POST", "/say", 200)
    assert 0 < call["elapsedTimeSeconds"] < 60
    assert call["message"].startswith("POST /say 200 in ")
    for entry in entries:
        assert entry["requestId"] == call["requestId"]
        assert entry["invocableInstanceHandle"] == "one"
        assert (entry["invocableHandle"], entry["invocableVersionHandle"]) == ("logs", "1.0.0")
        assert entry["workspaceId"] == one.workspace_id
        assert (entry["invocableType"], entry["path"]) == ("package", "/say")
        assert entry["timestamp"].endswith("Z")
        assert entry["userId"] == one.user_id


def test_the_newest_comes_first_in_pages(client: Steamship, one: PackageInstance) -> None:
    """`from` and `size` give pages from the newest record on; `count` is the number of all."""
    one.invoke("flood", lines=30)
    first, second = listed(client, size=10), listed(client, **{"from": 10, "size": 10})
    assert first["count"] == second["count"] == 31
    messages = [entry["message"] for entry in first["entries"] + second["entries"]]
    assert messages[1:] == [f"line {number}" for number in range(29, 10, -1)]
    assert listed(client, size=0)["entries"] == []


def test_filters(client: Steamship, one: PackageInstance) -> None:
    """Package, version, instance, path and single fields narrow the list; an unknown field is refused."""
    two = client.use("logs", "two", config={"token": TOKEN})
    one.invoke("say", text="one")
    two.invoke("flood", lines=1)
    assert {
        e["invocableInstanceHandle"] for e in listed(client, invocableInstanceHandle="TWO")["entries"]
    } == {"two"}
    assert listed(client, invocableHandle="logs", invocableVersionHandle="1.0.0")["count"] == 8
    assert listed(client, invocableHandle="other")["count"] == 0
    assert {e["path"] for e in listed(client, invocablePath="say")["entries"]} == {"/say"}
    assert listed(client, fieldValues={"level": "warning", "httpMethod": "POST"})["count"] == 1
    with pytest.raises(InvalidRequestError, match='"colour" is no field'):
        listed(client, fieldValues={"colour": "red"})


def test_secrets_and_keys_are_blotted_out(engine: Any, client: Steamship, one: PackageInstance) -> None:
    """Neither a secret parameter's value nor the worker's key is in an entry, nor on the disk."""
    one.invoke("tell")
    messages = {entry["message"] for entry in listed(client)["entries"]}
    assert {"token [secret]", "key [key]"} <= messages
    stored = b"".join(path.read_bytes() for path in engine.data_dir.glob("records.db*"))
    assert b"token [secret]" in stored
    assert TOKEN.encode() not in stored
    assert b"shipw_" not in stored


def test_queries_of_calls_are_in_no_record(engine: Any, client: Steamship, one: PackageInstance) -> None:
    """A call is recorded by its path alone, and by whom it was made does not matter."""
    httpx.get(f"{one.invocation_url}shown", params={"text": "canary-in-query"})
    [call] = listed(client)["entries"]
    assert (call["path"], call["httpMethod"]) == ("/shown", "GET")
    assert "canary-in-query" not in str(call)


def test_failures_are_errors(client: Steamship, one: PackageInstance) -> None:
    """A call whose method raised is recorded as an error with its status."""
    with pytest.raises(SteamshipError):
        one.invoke("fails")
    [call] = listed(client, fieldValues={"component": "invocation"})["entries"]
    assert (call["level"], call["httpStatus"]) == ("ERROR", 500)


def test_tasks_calls_are_recorded(client: Steamship, one: PackageInstance) -> None:
    """A call that a task made has its record and its lines under the task's request id."""
    task = client.post(
        "package/instance/invoke",
        {
            "instanceHandle": "one",
            "payload": {"httpVerb": "POST", "invocationPath": "say", "arguments": {"text": "later"}},
        },
        as_background_task=True,
    )
    task.wait(max_timeout_s=60)
    assert listed(client, fieldValues={"requestId": task.request_id})["count"] == 6


def test_nobody_else_reads_them(
    api: Api, client: Steamship, one: PackageInstance, second_user: Any, engine: Any
) -> None:
    """Another workspace, and another user, have none of them."""
    one.invoke("say", text="mine")
    assert api("logs/list", {"invocableInstanceHandle": "one", "invocableHandle": "logs"})["count"] == 0
    other = Api(engine.api_base, second_user.key)
    assert other("logs/list", {})["count"] == 0
    other.close()
