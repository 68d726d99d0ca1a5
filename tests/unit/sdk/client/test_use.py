"""`use`, in both its forms."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from steamship import PackageInstance, Steamship
from steamship.base.error import AuthenticationError, PackageError, PackageTimeoutError
from steamship.base.transport import HttpReply
from tests.services.fake_transport import APP, KEY, FakeTransport, client_with, failure, reply


def _instance(**fields: Any) -> HttpReply:
    whole = {
        "id": "I1",
        "handle": "mine",
        "packageHandle": "greeter",
        "workspaceId": "W2",
        "workspaceHandle": "mine",
        "userHandle": "alice",
        "invocationURL": f"{APP}@alice/mine/mine/",
        "config": {},
        "initStatus": "notNeeded",
        **fields,
    }
    return reply({"data": {"packageInstance": whole}, "packageInstance": whole})


@pytest.fixture
def transport(monkeypatch: pytest.MonkeyPatch) -> FakeTransport:
    """What clients speak to in this test."""
    fake = FakeTransport(_instance())
    monkeypatch.setattr(Steamship, "transport", fake)
    monkeypatch.setenv("STEAMSHIP_API_KEY", KEY)
    return fake


def test_use_is_one_request(transport: FakeTransport) -> None:
    """`Steamship.use` sends one request, which creates workspace and instance and waits for the init."""
    instance = Steamship.use("greeter", "mine")
    assert transport.paths == ["package/instance/create"]
    assert transport.bodies == [
        {
            "packageHandle": "greeter",
            "handle": "mine",
            "fetchIfExists": True,
            "workspaceHandle": "mine",
            "createWorkspace": True,
            "initWaitMs": 30000,
        }
    ]
    assert transport.requests[0].headers["X-Steamship-Accept"] == "use/1"
    assert transport.requests[0].repeatable
    assert isinstance(instance, PackageInstance)
    assert instance.client.config.workspace_id == "W2"
    assert instance.client.config.workspace_handle == "mine"


def test_use_names_the_instance_after_the_package(transport: FakeTransport) -> None:
    """Without an instance handle, also with a config, instance and workspace are called as the package."""
    Steamship.use("greeter")
    Steamship.use("greeter", config={"mood": "good"})
    for body in transport.bodies:
        assert (body["handle"], body["workspaceHandle"]) == ("greeter", "greeter")


def test_use_passes_everything_on(transport: FakeTransport) -> None:
    """Version, config, workspace, and an existing instance that is not wanted."""
    Steamship.use(
        "greeter",
        "mine",
        config={"mood": "good", "level": 3},
        version="1.0.0",
        fetch_if_exists=False,
        workspace_handle="shared",
        wait_for_init=False,
    )
    assert transport.bodies == [
        {
            "packageHandle": "greeter",
            "packageVersionHandle": "1.0.0",
            "handle": "mine",
            "fetchIfExists": False,
            "config": {"mood": "good", "level": 3},
            "workspaceHandle": "shared",
            "createWorkspace": True,
        }
    ]
    assert not transport.requests[0].repeatable


def test_use_works_in_no_workspace_of_the_environment(
    transport: FakeTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    """STEAMSHIP_WORKSPACE_ID and _HANDLE are for clients; `Steamship.use` names its own workspace."""
    monkeypatch.setenv("STEAMSHIP_WORKSPACE_ID", "W9")
    monkeypatch.setenv("STEAMSHIP_WORKSPACE_HANDLE", "elsewhere")
    Steamship.use("greeter")
    assert not [name for name in transport.requests[0].headers if name.startswith("X-Workspace")]


def test_use_takes_key_and_bases(transport: FakeTransport) -> None:
    """The arguments of the client are arguments of `use`; another one is a TypeError that names it."""
    Steamship.use("greeter", api_key="another-key", api_base="http://engine.test/api/v1")
    request = transport.requests[0]
    assert request.url == "http://engine.test/api/v1/package/instance/create"
    assert request.headers["Authorization"] == "Bearer another-key"
    with pytest.raises(TypeError, match="'verison'"):
        Steamship.use("greeter", verison="1.0.0")


def test_use_without_a_key_says_how_to_get_one(
    transport: FakeTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is sent; the error names `ship login`."""
    monkeypatch.delenv("STEAMSHIP_API_KEY")
    with pytest.raises(AuthenticationError, match="ship login"):
        Steamship.use("greeter")
    assert transport.requests == []


def test_client_use_works_in_the_clients_workspace() -> None:
    """`client.use` sends one request, in the client's workspace, which it neither names nor creates."""
    transport = FakeTransport(_instance(workspaceId="W1"))
    client_with(transport).use("greeter")
    assert transport.bodies == [
        {"packageHandle": "greeter", "handle": "greeter", "fetchIfExists": True, "initWaitMs": 30000}
    ]
    assert transport.requests[0].headers["X-Workspace-Id"] == "W1"


@pytest.mark.parametrize(
    ("config", "version", "digest"),
    [
        ({}, None, "6eb3eb403a73b5e237075037550b0fd4"),
        ({"a": 1}, None, "194c4628a53029896574293003523662"),
        ({"b": True, "a": "ü"}, "1.0.0", "b65a43f24055108706984ec8a69f8c2d"),
    ],
)
def test_client_use_derives_a_handle_from_a_config(
    config: dict[str, Any], version: str | None, digest: str
) -> None:
    """With a config and no handle: the package's handle and the MD5 of config and version as Python's JSON."""
    transport = FakeTransport(_instance(workspaceId="W1"))
    client_with(transport).use("greeter", config=config, version=version)
    assert transport.bodies[0]["handle"] == f"greeter-{digest}"


def test_both_forms_have_their_signatures() -> None:
    """What an editor shows for `Steamship.use` and `client.use` is what each takes."""
    static = list(inspect.signature(Steamship.use).parameters)
    bound = list(inspect.signature(client_with(FakeTransport()).use).parameters)
    common = ["package_handle", "instance_handle", "config", "version", "fetch_if_exists"]
    assert static == [*common, "workspace_handle", "wait_for_init", "kwargs"]
    assert bound == [*common, "wait_for_init"]
    assert "same handle gives the same instance" in (Steamship.use.__doc__ or "")


def test_use_waits_for_an_init_that_takes_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    """While the engine says `initializing`, the instance is asked for by id in its own workspace."""
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    transport = FakeTransport(
        _instance(initStatus="initializing"),
        _instance(initStatus="initializing"),
        _instance(initStatus="complete"),
    )
    instance = client_with(transport).use("greeter")
    assert transport.paths == ["package/instance/create", "package/instance/get", "package/instance/get"]
    assert transport.bodies[1:] == [{"id": "I1"}, {"id": "I1"}]
    assert transport.requests[1].headers["X-Workspace-Id"] == "W2"
    assert instance.init_status == "complete"


def test_a_failed_init_raises_with_its_message() -> None:
    """`use` raises what the init said; the instance is not deleted."""
    transport = FakeTransport(_instance(initStatus="failed", initMessage="no such city"))
    with pytest.raises(PackageError, match='instance "mine" of "greeter" failed to initialize: no such city'):
        client_with(transport).use("greeter")
    assert transport.paths == ["package/instance/create"]


def test_use_need_not_wait_for_the_init() -> None:
    """With `wait_for_init=False` an instance that initializes, or failed to, comes back as it is."""
    transport = FakeTransport(_instance(initStatus="initializing"))
    instance = client_with(transport).use("greeter", wait_for_init=False)
    assert instance.init_status == "initializing"
    assert "initWaitMs" not in transport.bodies[0]


def test_waiting_for_an_init_has_an_end() -> None:
    """After `max_timeout_s` a PackageTimeoutError says that the init goes on."""
    transport = FakeTransport(_instance(initStatus="initializing"))
    instance = client_with(transport).use("greeter", wait_for_init=False)
    with pytest.raises(PackageTimeoutError, match="still initializing after 0 s"):
        instance.wait_for_init(max_timeout_s=0)


def test_an_error_of_the_engine_keeps_its_class_and_texts() -> None:
    """A refused `use` raises the class of the code, with suggestion, request id and HTTP status."""
    refused = failure("NotFound", 'There is no "greeter".', 404, statusSuggestion="Check it.", requestId="R1")
    with pytest.raises(Exception, match="There is no") as caught:
        client_with(FakeTransport(refused)).use("greeter")
    error: Any = caught.value
    assert (type(error).__name__, error.suggestion, error.request_id, error.http_status) == (
        "NotFoundError",
        "Check it.",
        "R1",
        404,
    )
