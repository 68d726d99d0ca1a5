"""Tasks as the client sees them."""

from __future__ import annotations

from typing import Any

import pytest

from steamship import Task, Workspace
from steamship.base.error import NotFoundError, PackageError, SteamshipError, UnavailableError
from steamship.base.tasks import poll_pause_s
from steamship.base.transport import HttpReply
from tests.services.fake_transport import FakeTransport, client_with, failure, reply


def _status(state: str, data: Any = ..., **fields: Any) -> HttpReply:
    body: dict[str, Any] = {"status": {"taskId": "T1", "state": state, **fields}}
    if data is not ...:
        body["data"] = data
    return reply(body)


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long each wait was; none is waited for."""
    waited: list[float] = []
    monkeypatch.setattr("time.sleep", waited.append)
    return waited


def test_waiting_gives_the_output(pauses: list[float]) -> None:
    """`wait` asks until the task is done, and returns its data."""
    transport = FakeTransport(_status("waiting"), _status("running"), _status("succeeded", {"n": 1}))
    task = client_with(transport).post("task/noop", {}, as_background_task=True)
    seen: list[Any] = []
    assert task.wait(on_each_refresh=lambda count, _elapsed, it: seen.append((count, it.state))) == {"n": 1}
    assert transport.paths == ["task/noop", "task/status", "task/status"]
    assert transport.bodies[1:] == [{"taskId": "T1"}, {"taskId": "T1"}]
    assert transport.requests[1].repeatable
    assert seen == [(1, "running"), (2, "succeeded")]
    assert len(pauses) == 2
    assert task.output == {"n": 1}


def test_an_output_is_read_as_what_was_expected(pauses: list[float]) -> None:
    """The class expected of a call is that of its task's output, with the client attached."""
    made = {"workspace": {"id": "W7", "handle": "later"}}
    transport = FakeTransport(_status("waiting"), _status("succeeded", made))
    client = client_with(transport)
    task = client.post("workspace/create", {}, expect=Workspace, as_background_task=True)
    assert task.wait() == Workspace(id="W7", handle="later")
    assert task.output.client is client


def test_an_output_that_is_no_json_stays_text(pauses: list[float]) -> None:
    """Without `data`, the output is the status's own, such as base64."""
    transport = FakeTransport(_status("waiting"), _status("succeeded", output="SGVsbG8="))
    assert client_with(transport).post("x", {}, as_background_task=True).wait() == "SGVsbG8="


def test_a_failed_task_raises_its_error(pauses: list[float]) -> None:
    """The error has the class of the status's code; the task says `failed` afterwards, and raises again."""
    failed = _status(
        "failed",
        statusCode="PackageError",
        statusMessage="It broke.",
        statusSuggestion="Mend it.",
        requestId="R1",
    )
    task = client_with(FakeTransport(_status("waiting"), failed)).post("x", {}, as_background_task=True)
    for _ in range(2):
        with pytest.raises(PackageError, match="It broke") as caught:
            task.wait()
        assert (caught.value.suggestion, caught.value.request_id) == ("Mend it.", "R1")
    assert task.state == "failed"


def test_a_call_that_fails_says_nothing_of_the_task(pauses: list[float]) -> None:
    """An error of `task/status` itself is raised, and the task's state stays."""
    task = client_with(FakeTransport(_status("waiting"), failure("NotFound", "No such task.", 404))).post(
        "x", {}, as_background_task=True
    )
    with pytest.raises(NotFoundError, match="No such task"):
        task.wait()
    assert task.state == "waiting"


def test_waiting_has_an_end() -> None:
    """After `max_timeout_s` the error names the task and its state, and that it goes on."""
    task = client_with(FakeTransport(_status("running"))).post("x", {}, as_background_task=True)
    with pytest.raises(UnavailableError, match='"T1" is still "running" after 0 s') as caught:
        task.wait(max_timeout_s=0)
    assert "Task.get" in str(caught.value)


def test_pauses_grow_with_the_time_it_takes() -> None:
    """The first pause is 20 ms, later ones a fifth of the time so far, none longer than asked for."""
    assert [poll_pause_s(elapsed, 1) for elapsed in (0, 0.05, 1, 4, 60)] == [0.02, 0.02, 0.2, 0.8, 1]
    assert poll_pause_s(60, 0) == 0


def test_post_update_sends_only_the_named_fields() -> None:
    """Fields are named as in Python, and an output travels as JSON text."""
    transport = FakeTransport(reply({"data": {"task": {"taskId": "T1", "state": "failed"}}}))
    task: Task[Any] = Task(client=client_with(transport), task_id="T1", output={"n": 1}, state="failed")
    assert task.post_update({"state", "output"}).state == "failed"
    assert transport.bodies == [{"taskId": "T1", "state": "failed", "output": '{"n": 1}'}]


def test_a_task_without_a_client_says_so() -> None:
    """One that was made by hand cannot be asked about."""
    task: Task[Any] = Task(task_id="T1", state="waiting")
    with pytest.raises(SteamshipError, match='"T1" has no client'):
        task.refresh()
