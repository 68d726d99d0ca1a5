"""Nobody reaches what is another's: every operation of the table, with every id and handle of another user.

Each operation has a row in `ATTEMPTS`; one that has none fails `test_every_operation_has_a_row`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, fields
from typing import Any
from uuid import uuid4

import pytest
from httpx import Response

from steamship_engine.api.operations import Operation, Who
from steamship_engine.api.table import OPERATIONS
from steamship_engine.control import instances, logs, users, worker_keys
from steamship_engine.control.actor import Actor
from steamship_engine.control.ground import Ground
from steamship_engine.model.identifiers import new_id
from steamship_engine.model.states import WorkerState
from steamship_engine.runtime.port import LogLine, WorkerFacts
from tests.services.doors import Caller, Door
from tests.services.fake_machine import FakeMachine, add_package, deploy, on_fake_machine
from tests.services.instances import make

PUBLIC = "open-package"


@dataclass(frozen=True)
class World:
    """The ids and handles of one user's things. Of nobody's things, where they are made up."""

    user_handle: str
    workspace_id: str
    workspace_handle: str
    package_id: str
    package_handle: str
    version_id: str
    version_handle: str
    instance_id: str
    instance_handle: str
    file_id: str
    file_handle: str
    tag_id: str
    tag_kind: str
    task_id: str
    key_id: str

    def values(self) -> set[str]:
        """All of them."""
        return set(asdict(self).values())


@dataclass(frozen=True)
class Attempt:
    """One request. `apart` where the answer may differ from that for things that nobody has."""

    body: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    apart: bool = False


Row = Callable[[World], list[Attempt]]


def _bodies(*names: str, **more: Any) -> Row:
    """One attempt for each name: a body of that field, `wire_name:world_name`, several joined by `+`."""

    def row(world: World) -> list[Attempt]:
        attempts = []
        for name in names:
            pairs = [pair.split(":") for pair in name.split("+") if pair]
            attempts.append(Attempt({wire: getattr(world, own) for wire, own in pairs} | more))
        return attempts

    return row


def _query(world: World) -> list[Attempt]:
    return [Attempt({"tagFilterQuery": f'kind "{world.tag_kind}"'}), Attempt({"tagFilterQuery": "all"})]


def _dependency(world: World) -> list[Attempt]:
    return [Attempt(headers={"x-task-dependency": world.task_id})]


def _taken(wire: str, own: str) -> Row:
    """Handles that are unique over all users: that they are taken cannot be hidden."""
    return lambda world: [Attempt({wire: getattr(world, own)}, apart=True)]


def _instances(world: World) -> list[Attempt]:
    private = _bodies(
        "packageId:package_id",
        "packageHandle:package_handle",
        "packageId:package_id+packageVersionId:version_id",
        "packageHandle:package_handle+packageVersionHandle:version_handle+handle:instance_handle",
        "packageHandle:package_handle+workspaceId:workspace_id+handle:instance_handle",
        fetchIfExists=True,
    )(world)
    elsewhere = _bodies(
        "packageVersionId:version_id",
        "workspaceId:workspace_id",
        "workspaceId:workspace_id+handle:instance_handle",
        "workspaceHandle:workspace_handle",
        packageHandle=PUBLIC,
        fetchIfExists=True,
    )(world)
    ours = [Attempt(attempt.body, {"x-steamship-accept": "use/1"}) for attempt in elsewhere]
    return [*private, *elsewhere, *ours]


ATTEMPTS: dict[str, Row] = {
    "account/current": _bodies(""),
    "account/update": _taken("handle", "user_handle"),
    "account/create_login_attempt": lambda _world: [Attempt(apart=True)],
    "account/poll_login_attempt": _bodies("", token="somebody-elses"),
    "workspace/create": _bodies("handle:workspace_handle", fetchIfExists=True),
    "workspace/get": _bodies(
        "id:workspace_id", "handle:workspace_handle", "id:workspace_id+handle:workspace_handle"
    ),
    "workspace/list": _bodies("", "id:workspace_id", "handle:workspace_handle"),
    "workspace/delete": _bodies("id:workspace_id"),
    "key/create": _bodies(
        "workspaceHandle:workspace_handle",
        "workspaceHandle:workspace_handle+instanceHandle:instance_handle",
        name="mine",
    ),
    "key/list": _bodies(""),
    "key/revoke": _bodies("id:key_id"),
    "file/create": _bodies("handle:file_handle", type="none"),
    "file/get": _bodies("id:file_id", "handle:file_handle"),
    "file/list": _bodies(""),
    "file/query": _query,
    "file/update": _bodies("id:file_id", publicData=True),
    "file/delete": _bodies("id:file_id"),
    "file/raw": _bodies("id:file_id"),
    "file/{id}/raw": _bodies("id:file_id"),
    "tag/create": _bodies("fileId:file_id", kind="mine"),
    "tag/delete": _bodies("id:tag_id"),
    "tag/query": _query,
    "package/create": _taken("handle", "package_handle"),
    "package/get": _bodies("id:package_id", "handle:package_handle"),
    "package/update": _bodies("id:package_id", description="mine now"),
    "package/delete": _bodies("id:package_id"),
    "package/list": _bodies("", public=False),
    "package/version/create": _bodies("packageId:package_id", handle="9.9.9"),
    "package/version/get": _bodies(
        "id:version_id",
        "packageId:package_id",
        "packageId:package_id+handle:version_handle",
        "packageHandle:package_handle+handle:version_handle",
    ),
    "package/version/list": _bodies("", "packageId:package_id", "packageHandle:package_handle"),
    "package/version/delete": _bodies("id:version_id"),
    "package/instance/create": _instances,
    "package/instance/get": _bodies("id:instance_id", "handle:instance_handle"),
    "package/instance/list": _bodies(
        "", "packageId:package_id", "packageVersionId:version_id", acrossWorkspaces=True
    ),
    "package/instance/delete": _bodies("id:instance_id"),
    "package/instance/workers": _bodies(
        "",
        "id:instance_id",
        "handle:instance_handle",
        "packageId:package_id",
        "packageVersionId:version_id",
        acrossWorkspaces=True,
    ),
    "package/instance/restart": _bodies("id:instance_id", "handle:instance_handle"),
    "limits": _bodies(
        "versionId:version_id",
        "packageId:package_id",
        "packageHandle:package_handle+versionHandle:version_handle",
    ),
    "logs/list": _bodies(
        "",
        "invocableInstanceHandle:instance_handle",
        "invocableHandle:package_handle+invocableVersionHandle:version_handle",
        fieldValues={"level": "info"},
    ),
    "package/instance/invoke": _bodies(
        "instanceHandle:instance_handle", payload={"httpVerb": "POST", "invocationPath": "greet"}
    ),
    "task/status": _bodies("taskId:task_id"),
    "task/get": _bodies("id:task_id"),
    "task/list": _bodies("", "id:task_id", "workspaceId:workspace_id"),
    "task/update": _bodies("taskId:task_id", statusMessage="mine", state="failed"),
    "task/noop": _dependency,
    "task/alwaysfail": _dependency,
}


@pytest.fixture
def ground(ground: Ground) -> Ground:
    return on_fake_machine(ground)


@pytest.fixture
def alice(ground: Ground, door: Door) -> Caller:
    return Caller(door, users.create(ground.database, "alice", many_users=True)[1])


@pytest.fixture
def bob(ground: Ground, door: Door) -> Caller:
    return Caller(door, users.create(ground.database, "bob", many_users=True)[1])


@pytest.fixture
def hers(ground: Ground, alice: Caller) -> World:
    """Alice's things: one of each noun, all in her workspace `her-space`, and a public package beside them."""
    user = alice.data("account/current")["user"]
    actor = Actor.from_json(
        {
            "userId": user["id"],
            "userHandle": "alice",
            "reach": "user",
            "workspaceId": None,
            "instanceId": None,
        }
    )
    workspace = alice.data("workspace/create", {"handle": "her-space"})["workspace"]
    package = add_package(ground, actor, "her-package")
    version = deploy(ground, actor, package, "1.0.0-hers").version
    deploy(ground, actor, add_package(ground, actor, PUBLIC, public=True), "1.0.0", content=b"public")
    placed = make(ground, actor, "her-package", "her-instance", workspace="her-space")
    inside = {"x_workspace_id": workspace["id"]}
    target = instances.spec_of(ground, placed.instance.id)
    logs.keep_line(
        ground.records,
        LogLine(placed.instance.id, version.id, "a-request", "info", "her words", instance=target.spec),
    )
    assert isinstance(ground.machine, FakeMachine)
    ground.machine.living[placed.instance.id] = [
        WorkerFacts(placed.instance.id, version.id, 4711, WorkerState.IDLE, 2.0, 1.0, calls=3)
    ]
    file = alice.data("file/create", {"type": "value", "value": "her words", "handle": "her-file"}, **inside)[
        "file"
    ]
    tag = alice.data("tag/create", {"fileId": file["id"], "kind": "her-kind"}, **inside)["tag"]
    task = alice.post("task/noop", {}, x_task_background="true", **inside)["status"]
    key = alice.data("key/create", {"name": "hers"})["key"]
    return World(
        user_handle="alice",
        workspace_id=workspace["id"],
        workspace_handle="her-space",
        package_id=package.id,
        package_handle="her-package",
        version_id=version.id,
        version_handle="1.0.0-hers",
        instance_id=placed.instance.id,
        instance_handle="her-instance",
        file_id=file["id"],
        file_handle="her-file",
        tag_id=tag["id"],
        tag_kind="her-kind",
        task_id=task["taskId"],
        key_id=key["id"],
    )


def _nobodys() -> World:
    """Things of the same shape that do not exist."""
    return World(
        **{
            field.name: new_id() if field.name.endswith("_id") else f"nobodys-{uuid4().hex[:8]}"
            for field in fields(World)
        }
    )


def _send(caller: Caller, operation: Operation, attempt: Attempt, more: dict[str, str]) -> Response:
    path, body = operation.path, dict(attempt.body)
    if "{id}" in path:
        return caller.send("GET", path.replace("{id}", body.pop("id")), attempt.headers | more)
    if operation.takes_file and operation.always_task:
        return caller.send(
            "POST", path, attempt.headers | more, data=body, files={"file": ("package.zip", b"a bundle")}
        )
    return caller.send("POST", path, attempt.headers | more, json=body)


def _told(answer: Response, world: World) -> tuple[int, str, str]:
    """What an answer says, whoever's things it was asked about."""
    if answer.headers["content-type"] != "application/json":
        return answer.status_code, "", ""
    status = answer.json().get("status") or {}
    message = str(status.get("statusMessage"))
    for name, value in sorted(asdict(world).items(), key=lambda item: -len(item[1])):
        message = message.replace(value, f"<{name}>")
    return answer.status_code, str(status.get("statusCode")), message


def _creators_last() -> Iterator[Operation]:
    """What somebody creates under another's handle must not be found by the attempts that follow; workspaces last."""
    order = ("workspace/create", "key/create", "create")
    return iter(sorted(OPERATIONS, key=lambda operation: [operation.path.endswith(end) for end in order]))


def _everything(alice: Caller, hers: World) -> str:
    """All that Alice sees of her things, as one text."""
    inside = {"x_workspace_id": hers.workspace_id}
    seen = [
        alice.data("account/current"),
        alice.data("workspace/get", {"id": hers.workspace_id}),
        alice.data("package/get", {"id": hers.package_id}),
        alice.data("package/version/get", {"id": hers.version_id}),
        alice.data("package/instance/get", {"id": hers.instance_id}),
        alice.data("file/get", {"id": hers.file_id}, **inside),
        alice.send("POST", "file/raw", inside, json={"id": hers.file_id}).text,
        alice.data("task/get", {"id": hers.task_id}, **inside),
        alice.data("package/instance/workers", {"id": hers.instance_id}),
        alice.data("logs/list", {"invocableInstanceHandle": "her-instance"}, **inside),
        [(key["id"], key["revokedAt"]) for key in alice.data("key/list")["keys"]],
    ]
    return json.dumps(seen)


def test_every_operation_has_a_row() -> None:
    """An operation that this test does not know is one that nobody has thought about."""
    assert set(ATTEMPTS) == {operation.path for operation in OPERATIONS}, (
        "give the operation a row in ATTEMPTS"
    )


def test_another_users_things_look_as_if_they_were_not(alice: Caller, bob: Caller, hers: World) -> None:
    """With every id and handle of Alice's, in body and headers, Bob gets what he gets for things that do not exist."""
    before = _everything(alice, hers)
    for operation in _creators_last():
        for place in ({}, {"x-workspace-id": "workspace_id"}, {"x-workspace-handle": "workspace_handle"}):
            nobodys = _nobodys()
            pairs = zip(ATTEMPTS[operation.path](hers), ATTEMPTS[operation.path](nobodys), strict=True)
            for attempt, harmless in pairs:
                headers = {name: getattr(hers, own) for name, own in place.items()}
                answer = _send(bob, operation, attempt, headers)
                sent = json.dumps([attempt.body, attempt.headers, headers])
                leaked = {value for value in hers.values() if value in answer.text and value not in sent}
                assert not leaked, (operation.path, attempt, answer.text)
                assert "her words" not in answer.text, (operation.path, attempt)
                assert answer.status_code < 500, (operation.path, attempt, answer.text)
                if not attempt.apart:
                    headers = {name: getattr(nobodys, own) for name, own in place.items()}
                    other = _send(bob, operation, harmless, headers)
                    assert _told(answer, hers) == _told(other, nobodys), (operation.path, attempt)
    assert _everything(alice, hers) == before


@pytest.mark.parametrize("kind", ["workspace", "worker"])
def test_a_scoped_key_stays_in_its_workspace(
    ground: Ground, alice: Caller, hers: World, door: Door, kind: str
) -> None:
    """Alice's own key for another workspace, and a worker's in it, reach nothing in `her-space` and no account."""
    alice.data("workspace/create", {"handle": "other-space"})
    if kind == "workspace":
        made = alice.data("key/create", {"name": "scoped", "workspaceHandle": "other-space"})["key"]
        scoped = Caller(door, made["apiKey"])
    else:
        alice.data(
            "package/instance/create",
            {"packageHandle": PUBLIC, "handle": "other"},
            x_workspace_handle="other-space",
        )
        scoped = Caller(
            door,
            worker_keys.mint(ground, instances.call_target(ground, "alice", "other-space", "other", None)),
        )
    before = _everything(alice, hers)
    forbidden = {hers.workspace_id, hers.instance_id, hers.file_id, hers.tag_id, hers.task_id, hers.key_id}
    for operation in _creators_last():
        for headers in ({}, {"x-workspace-id": hers.workspace_id}):
            for attempt in ATTEMPTS[operation.path](hers):
                answer = _send(scoped, operation, attempt, headers)
                sent = json.dumps([attempt.body, attempt.headers, headers])
                leaked = {value for value in forbidden if value in answer.text and value not in sent}
                assert not leaked, (operation.path, attempt, answer.text)
                assert "her words" not in answer.text, (operation.path, attempt)
                if operation.who is Who.USER:
                    assert answer.status_code == 403
                    assert "Cannot use a workspace-scoped key" in answer.text
    assert _everything(alice, hers) == before


def test_without_a_key_every_operation_says_the_same(door: Door, hers: World) -> None:
    """Without a key, and with one that is no key, every operation for users answers 401 with one body."""
    bodies = set()
    for operation in OPERATIONS:
        if operation.who is Who.ANYONE:
            continue
        for key in (None, "nonsense", "ship_000000000000_" + "A" * 43, "shipw_" + "A" * 117, "x" * 10_000):
            for attempt in ATTEMPTS[operation.path](hers):
                answer = _send(Caller(door, key), operation, attempt, {"x-request-id": "same"})
                assert answer.status_code == 401, (operation.path, key)
                bodies.add(answer.text)
    assert len(bodies) == 1
