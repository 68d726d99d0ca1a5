"""`self.client`: at home in the instance's workspace, under the key of the call that runs."""

from __future__ import annotations

import json

import pytest

from steamship import Steamship
from steamship.base.transport import HttpReply
from steamship.invocable import PackageService, post


class Engine:
    """Answers every operation with an empty object, and keeps what was asked."""

    def __init__(self):
        self.requests = []

    def send(self, request):
        self.requests.append(request)
        return HttpReply(200, {"content-type": "application/json"}, b'{"data": {}}')


@pytest.fixture
def engine(monkeypatch):
    engine = Engine()
    monkeypatch.setattr(Steamship, "transport", engine)
    return engine


class Calling(PackageService):
    @post("ask")
    def ask(self):
        self.client.post("file/query", {})
        return self.client.config.workspace_handle

    @post("later")
    def later(self):
        task = self.invoke_later("ask", arguments={"a": 1}, wait_on_tasks=["T1"], delay_ms=5000)
        return task.task_id


class Keeping(Calling):
    def __init__(self, client: Steamship, config=None, context=None):
        super().__init__(client, config, context)
        self.kept = client

    @post("ask_kept")
    def ask_kept(self):
        self.kept.post("file/query", {})


@pytest.mark.parametrize("method", ["ask", "ask_kept"])
def test_key_and_request_id_are_the_calls(serve, engine, method):
    """Every request carries the current call's key and request id, also from a client that was kept."""
    instance = serve(Keeping)
    for name in ("1", "2"):
        instance.call("POST", method, {}, key=f"K{name}", requestId=f"R{name}")
    sent = [(r.headers["Authorization"], r.headers["x-request-id"]) for r in engine.requests]
    assert sent == [("Bearer K1", "R1"), ("Bearer K2", "R2")]


def test_requests_are_for_the_instances_workspace(serve, engine):
    """The client works in the instance's workspace and at its bases, whatever the environment says."""
    assert serve(Calling).post("ask").body == b"space"
    assert engine.requests[0].headers["X-Workspace-Id"] == "W1"
    assert engine.requests[0].url == "http://localhost:1/api/v1/file/query"


def test_a_client_that_nobody_asks_for_is_never_made(serve, monkeypatch):
    """A package without a constructor of its own that uses no client costs none."""

    class Idle(PackageService):
        @post("x")
        def x(self):
            return self._client is None

    assert serve(Idle).value("x") is True


def test_a_class_attribute_does_not_take_the_client_away(serve, engine):
    """A package that declares `client = None`, as if to be filled in, gets its client."""

    class Declaring(Calling):
        client: Steamship = None

    assert serve(Declaring).post("ask").body == b"space"


def test_invoke_later_schedules_a_call_of_this_instance(serve, engine, monkeypatch):
    """`invoke_later` asks for a task that calls a method of the same instance."""
    answer = HttpReply(
        200, {"content-type": "application/json"}, b'{"status": {"taskId": "T9", "state": "waiting"}}'
    )
    monkeypatch.setattr(engine, "send", lambda request: engine.requests.append(request) or answer)
    instance = serve(Calling)
    instance.serving._context.invocable_instance_handle = "painter-1"
    assert instance.post("later").body == b"T9"
    request = engine.requests[0]
    assert request.url.endswith("/package/instance/invoke")
    assert json.loads(request.body) == {
        "instanceHandle": "painter-1",
        "payload": {"httpVerb": "POST", "invocationPath": "ask", "arguments": {"a": 1}},
    }
    assert request.headers["X-Task-Background"] == "true"
    assert request.headers["X-Task-Dependency"] == "T1"
    assert "X-Task-Run-After" in request.headers


def test_invoke_later_outside_an_instance_says_so():
    """An object that serves no instance cannot schedule."""
    from steamship import SteamshipError

    with pytest.raises(SteamshipError, match='"ask" cannot be called later'):
        Calling().invoke_later("ask")
