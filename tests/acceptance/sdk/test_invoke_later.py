"""Calls of packages in tasks: what they give, when they run, and how they fail."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from steamship import PackageInstance, Steamship, Task
from steamship.base.error import ForbiddenError, NotFoundError, PackageError, SteamshipError

TOKEN = "canary-of-a-task"


@pytest.fixture
def client(at_home: object, later: str) -> Iterator[Steamship]:
    """A client in a workspace of its own."""
    with Steamship.temporary_workspace() as made:
        yield made


@pytest.fixture
def instance(client: Steamship) -> PackageInstance:
    """An instance in it."""
    return client.use("later", "mine", config={"token": TOKEN})


def submitted(client: Steamship, path: str, verb: str = "POST", **arguments: Any) -> Task[Any]:
    """A task that calls the instance `mine`."""
    task: Task[Any] = client.post(
        "package/instance/invoke",
        {
            "instanceHandle": "mine",
            "payload": {"httpVerb": verb, "invocationPath": path, "arguments": arguments},
        },
        as_background_task=True,
    )
    assert task.state == "waiting"
    assert task.task_id
    assert task.request_id
    return task


def body(task: Task[Any]) -> bytes:
    """The reply's body that the task gives."""
    task.wait(max_timeout_s=60)
    return base64.b64decode(str(task.output))


def test_the_output_is_the_body_in_base64(client: Steamship, instance: PackageInstance) -> None:
    """Text and JSON come out as the bytes of the reply, with a slash before the path or none, and without `data`."""
    assert body(submitted(client, "hello", name="Unicorn")) == b"Hello, Unicorn!"
    task = submitted(client, "/facts", name="Ünicorn")
    assert json.loads(body(task)) == {"name": "Ünicorn", "data": None}
    answer = client.post("task/status", {"taskId": task.task_id})
    assert isinstance(answer, Task)
    assert "data" not in client.task_status(str(task.task_id))


def test_a_get_has_typed_arguments(client: Steamship, instance: PackageInstance) -> None:
    """Arguments of a GET arrive with the types that the method asks for."""
    task = submitted(client, "typed", "GET", count=3, exact=True, names=["a", "b"])
    assert json.loads(body(task)) == [3, True, ["a", "b"]]


@pytest.mark.parametrize(
    ("path", "arguments", "words"),
    [
        ("raises", {}, "ValueError: a mistake"),
        ("refuses", {}, "Not today."),
        ("teapot", {}, "HTTP status 418: I am a teapot."),
        ("facts", {}, '"name"'),
        ("nothing", {}, "No handler for POST /nothing available."),
    ],
)
def test_a_failed_reply_fails_the_task(
    client: Steamship, instance: PackageInstance, path: str, arguments: dict[str, Any], words: str
) -> None:
    """An exception, a refusal, an error's status and an unknown method fail the task with their message."""
    task = submitted(client, path, **arguments)
    with pytest.raises(SteamshipError) as failed:
        task.wait(max_timeout_s=60)
    assert words in str(failed.value.message)
    assert TOKEN not in str(failed.value)


def test_the_owner_reads_the_traceback(client: Steamship, instance: PackageInstance) -> None:
    """What fails by mistake tells its file and line to the owner of the task."""
    with pytest.raises(PackageError, match=r"api\.py"):
        submitted(client, "raises").wait(max_timeout_s=60)


def test_delays_and_dependencies_order_the_calls(client: Steamship, instance: PackageInstance) -> None:
    """`invoke_later` with a delay, and with tasks to wait for, runs in that order under one request id."""
    told = instance.invoke("chain")
    task = Task.get(client, told["taskId"])
    assert body(task) == b"three"
    assert instance.invoke("words") == ["one", "two", "three"]
    assert len(set(told["requestIds"])) == 1
    assert None not in told["requestIds"]


def test_the_request_id_goes_on(client: Steamship, instance: PackageInstance) -> None:
    """The task's call runs under the request id with which it was submitted."""
    task = submitted(client, "seen")
    assert json.loads(body(task))["requestId"] == task.request_id


def test_a_call_by_its_address_in_the_background(
    engine: Any, client: Steamship, instance: PackageInstance
) -> None:
    """Any body and query, with task headers, becomes a task that makes the same call."""
    headers = {"authorization": f"Bearer {engine.key}", "x-task-background": "true", "x-own": "kept"}
    answer = httpx.post(f"{instance.invocation_url}hello", data={"name": "form"}, headers=headers)
    status = answer.json()["status"]
    assert (answer.status_code, status["state"]) == (200, "waiting")
    assert status["requestId"] == answer.headers["x-request-id"]
    assert body(Task.get(client, status["taskId"])) == b"Hello, form!"
    seen = httpx.post(f"{instance.invocation_url}seen", headers=headers).json()["status"]["taskId"]
    kept = json.loads(body(Task.get(client, seen)))["headers"]
    assert kept["x-own"] == "kept"
    assert not {"authorization", "x-task-background"} & kept.keys()


def test_what_is_not_there_is_told_at_once(client: Steamship, instance: PackageInstance) -> None:
    """An instance that the workspace does not have is refused before there is a task."""
    with pytest.raises(NotFoundError, match="nobody"):
        client.post(
            "package/instance/invoke",
            {"instanceHandle": "nobody", "payload": {"httpVerb": "POST", "invocationPath": "hello"}},
            as_background_task=True,
        )


def test_an_instance_that_goes_fails_its_tasks(client: Steamship, instance: PackageInstance) -> None:
    """A task whose instance was deleted before its time fails, and says so."""
    task: Task[Any] = client.post(
        "package/instance/invoke",
        {"instanceHandle": "mine", "payload": {"httpVerb": "POST", "invocationPath": "hello"}},
        task_delay_ms=2000,
    )
    instance.delete()
    with pytest.raises(NotFoundError):
        task.wait(max_timeout_s=60)


def test_many_tasks_that_wait_for_tasks(client: Steamship, instance: PackageInstance) -> None:
    """Forty tasks, more than run in threads, that each wait for a task of another instance all end."""
    tasks = [submitted(client, "waits", number=number) for number in range(40)]
    assert [json.loads(body(task)) for task in tasks] == list(range(40))


def test_a_stranger_cannot_leave_tasks(
    second_user: Any, client: Steamship, instance: PackageInstance
) -> None:
    """Another user's instance is not found, with task headers as without."""
    headers = {"authorization": f"Bearer {second_user.key}", "x-task-background": "true"}
    answer = httpx.post(f"{instance.invocation_url}hello", headers=headers)
    assert answer.status_code == 404
    assert ForbiddenError.code not in answer.text
