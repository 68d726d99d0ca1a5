"""Clients: their workspace, their headers, and how they read answers."""

from __future__ import annotations

import re
from typing import Any

import pytest

from steamship import Steamship, User, Workspace
from steamship.base.error import AlreadyExistsError, NotFoundError, SteamshipError, UnavailableError
from steamship.base.transport import NoReplyError
from tests.services.fake_transport import API, APP, KEY, FakeTransport, client_with, failure, reply


def _workspace(handle: str, id: str = "W1") -> Any:
    return reply({"data": {"workspace": {"id": id, "handle": handle}}})


@pytest.fixture
def transport(monkeypatch: pytest.MonkeyPatch) -> FakeTransport:
    """What clients speak to in this test."""
    fake = FakeTransport(_workspace("default"))
    monkeypatch.setattr(Steamship, "transport", fake)
    monkeypatch.setenv("STEAMSHIP_API_KEY", KEY)
    return fake


@pytest.mark.parametrize(
    ("arguments", "path", "body"),
    [
        ({}, "workspace/create", {"handle": "default", "fetchIfExists": True}),
        ({"workspace": "demo"}, "workspace/create", {"handle": "demo", "fetchIfExists": True}),
        (
            {"workspace": "demo", "fail_if_workspace_exists": True},
            "workspace/create",
            {"handle": "demo", "fetchIfExists": False},
        ),
        ({"workspace_id": "W1"}, "workspace/get", {"id": "W1", "fetchIfExists": False}),
        (
            {"workspace_id": "W1", "workspace_handle": "demo"},
            "workspace/get",
            {"id": "W1", "handle": "demo", "fetchIfExists": False},
        ),
    ],
)
def test_a_new_client_finds_its_workspace(
    transport: FakeTransport, arguments: dict[str, Any], path: str, body: dict[str, Any]
) -> None:
    """One call names the workspace by handle (and makes it) or by id (and does not)."""
    client = Steamship(**arguments)
    assert (transport.paths, transport.bodies) == ([path], [body])
    assert (client.config.workspace_id, client.config.workspace_handle) == ("W1", "default")


def test_an_argument_names_the_workspace_over_an_id_of_the_environment(
    transport: FakeTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    """STEAMSHIP_WORKSPACE_ID does not change what `workspace=` means."""
    monkeypatch.setenv("STEAMSHIP_WORKSPACE_ID", "W9")
    Steamship(workspace="demo")
    assert transport.bodies == [{"handle": "demo", "fetchIfExists": True}]


def test_a_trusted_client_makes_no_call(transport: FakeTransport) -> None:
    """With `trust_workspace_config` both id and handle must be there, and nothing is sent."""
    client = Steamship(workspace_id="W1", workspace_handle="demo", trust_workspace_config=True)
    assert (client.config.workspace_id, client.config.workspace_handle) == ("W1", "demo")
    with pytest.raises(SteamshipError, match="both its id and its handle"):
        Steamship(workspace_handle="demo", trust_workspace_config=True)
    assert transport.requests == []


def test_in_workspace_asks_for_key_and_request_id_at_each_call(
    transport: FakeTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client of a running instance reads no environment, makes no call, and follows its functions."""
    monkeypatch.setenv("STEAMSHIP_WORKSPACE_HANDLE", "elsewhere")
    keys, ids = iter(["first", "second"]), iter(["R1", None])
    client = Steamship.in_workspace(
        api_key=lambda: next(keys),
        api_base=API,
        app_base=APP,
        web_base=APP,
        workspace_id="W1",
        workspace_handle="home",
        request_id=lambda: next(ids),
    )
    assert transport.requests == []
    client.post("task/noop", {})
    client.post("task/noop", {})
    sent = [(r.headers["Authorization"], r.headers.get("x-request-id")) for r in transport.requests]
    assert sent == [("Bearer first", "R1"), ("Bearer second", None)]
    assert transport.requests[0].headers["X-Workspace-Id"] == "W1"
    assert client.config.workspace_handle == "home"


def test_a_fixed_request_id_goes_with_every_call() -> None:
    """`request_id` as text is the configuration's."""
    transport = FakeTransport(_workspace("home"))
    client = Steamship.in_workspace(
        api_key=KEY,
        api_base=API,
        app_base=APP,
        web_base=APP,
        workspace_id="W1",
        workspace_handle="home",
        request_id="R7",
    )
    client.transport = transport
    client.post("task/noop", {})
    assert transport.requests[0].headers["x-request-id"] == "R7"
    assert client.config.request_id == "R7"


def test_a_temporary_workspace_is_new_and_is_deleted(transport: FakeTransport) -> None:
    """It is made with a handle that must be free, and deleted by its id, also after an error."""
    with pytest.raises(ZeroDivisionError), Steamship.temporary_workspace() as client:
        assert client.config.workspace_id == "W1"
        1 / 0  # noqa: B018
    assert transport.paths == ["workspace/create", "workspace/delete"]
    made, deleted = transport.bodies
    assert re.fullmatch(r"temp-[0-9a-f-]{36}", made["handle"])
    assert made["fetchIfExists"] is False
    assert deleted == {"id": "W1"}


def test_a_temporary_workspace_may_be_gone_already(monkeypatch: pytest.MonkeyPatch) -> None:
    """Deleting it within the block is no error."""
    fake = FakeTransport(_workspace("temp"), failure("NotFound", "gone", 404))
    monkeypatch.setattr(Steamship, "transport", fake)
    with Steamship.temporary_workspace(api_key=KEY):
        pass
    assert fake.paths == ["workspace/create", "workspace/delete"]


def test_switching_to_a_workspace_that_exists_can_be_refused() -> None:
    """The engine's error is raised and the client stays where it was."""
    client = client_with(FakeTransport(failure("AlreadyExists", "There is one.", 409)))
    with pytest.raises(AlreadyExistsError):
        client.switch_workspace("other", fail_if_workspace_exists=True)
    assert client.config.workspace_handle == "home"


def test_a_client_for_another_workspace_shares_all_else() -> None:
    """`in_workspace_of` makes no call; for the client's own workspace it is the client itself."""
    transport = FakeTransport(_workspace("other"))
    client = client_with(transport)
    assert client.in_workspace_of("W1", "home") is client
    there = client.in_workspace_of("W2", "other")
    there.post("task/noop", {})
    assert transport.requests[0].headers["X-Workspace-Id"] == "W2"
    assert client.config.workspace_id == "W1"


def test_task_headers() -> None:
    """Background, dependencies and a delay are headers; any of them makes the call a task."""
    transport = FakeTransport(reply({"status": {"taskId": "T2", "state": "waiting"}}))
    client = client_with(transport)
    first = client.post("task/noop", {}, as_background_task=True)
    client.post("task/noop", {}, wait_on_tasks=[first, "T9"])
    client.post("task/noop", {}, task_delay_ms=1000)
    headers = [
        {name: value for name, value in request.headers.items() if name.startswith("X-Task")}
        for request in transport.requests
    ]
    assert headers[0] == {"X-Task-Background": "true"}
    assert headers[1] == {"X-Task-Background": "true", "X-Task-Dependency": "T2,T9"}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", headers[2]["X-Task-Run-After"])


@pytest.mark.parametrize(
    ("operation", "repeatable"),
    [
        ("workspace/get", True),
        ("package/list", True),
        ("file/query", True),
        ("tag/create", False),
        ("task/noop", False),
    ],
)
def test_only_reading_may_be_sent_twice(operation: str, repeatable: bool) -> None:
    """What changes something is never marked as repeatable by its name."""
    transport = FakeTransport(reply({"data": {}}))
    client_with(transport).post(operation, {})
    assert transport.requests[0].repeatable is repeatable


def test_an_answer_that_is_no_json_object_is_an_error() -> None:
    """Something else than an engine behind the base: the error says what to check."""
    for answer in (reply("<html>", content_type="text/html"), reply([1])):
        with pytest.raises(
            UnavailableError, match='"account/current" was answered with no JSON object'
        ) as caught:
            User.current(client_with(FakeTransport(answer)))
        assert "API base" in str(caught.value)


def test_an_answer_of_another_shape_is_an_error() -> None:
    """Fields of the wrong type are named, and not passed on."""
    answer = reply({"data": {"workspace": {"id": ["no"], "handle": "x"}}})
    with pytest.raises(UnavailableError, match="answer is no Workspace"):
        Workspace.get(client_with(FakeTransport(answer)))


def test_a_failed_status_counts_whatever_the_http_code() -> None:
    """A failed status in a 200 is an error as well."""
    with pytest.raises(NotFoundError):
        client_with(FakeTransport(failure("NotFound", "no", 200))).post("file/get", {})


def test_no_answer_names_the_base_and_what_to_do() -> None:
    """Without an engine the error names the address, `ship serve` and `ship login`, and holds no key."""
    with pytest.raises(UnavailableError) as caught:
        client_with(FakeTransport(NoReplyError("Connection refused"))).post("file/get", {"id": "F1"})
    for part in (f"{API}file/get", "Connection refused", "`ship serve`", "`ship login`"):
        assert part in str(caught.value)
    assert KEY not in str(caught.value)


def test_a_client_never_shows_its_key() -> None:
    """Repr of client, configuration and request are free of the key."""
    transport = FakeTransport(reply({"data": {}}))
    client = client_with(transport)
    client.post("task/noop", {})
    assert KEY not in f"{client!r} {client} {client.config!r} {transport.requests[0]!r} {vars(client)}"


def test_an_error_that_quotes_the_request_does_not_show_the_key() -> None:
    """What stands between client and engine may answer with the request's headers."""
    answer = reply(f"Bad request: Authorization: Bearer {KEY}", 502, content_type="text/plain")
    with pytest.raises(SteamshipError, match=r"Bearer \*\*\*") as caught:
        client_with(FakeTransport(answer)).post("file/get", {})
    assert KEY not in str(caught.value)


def test_unknown_arguments_are_refused(transport: FakeTransport) -> None:
    """A misspelt argument of the client is an error, not the default."""
    with pytest.raises(TypeError, match="'api_bas'"):
        Steamship(api_bas="http://localhost:1/")
    assert transport.requests == []
