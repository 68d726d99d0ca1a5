"""Packages, versions and instances on the wire: every field, deploys as tasks, use in one round trip."""

from __future__ import annotations

import re

import pytest

from steamship_engine.control import users
from steamship_engine.model.errors import DeployError
from steamship_engine.runtime.port import ReplyError
from tests.services.doors import Caller
from tests.services.fake_runtime import FakeRuntime, running

ID = re.compile(r"[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
USE = {"X_Steamship_Accept": "use/1"}

PACKAGE = {
    "id",
    "handle",
    "userId",
    "isPublic",
    "description",
    "readme",
    "profile",
    "createdAt",
    "updatedAt",
    "featured",
}
VERSION = {
    "id",
    "packageId",
    "handle",
    "configTemplate",
    "createdAt",
    "updatedAt",
    "isDefault",
    "description",
}
VERSION_OURS = {"kind", "kindReason", "spec", "schemas", "readme", "manifest", "notes"}
INSTANCE = {
    "id", "handle", "packageId", "packageHandle", "packageVersionId", "packageVersionHandle", "userId", "userHandle",
    "workspaceId", "workspaceHandle", "invocationURL", "invocationUrl", "config", "initStatus", "createdAt",
    "initTaskID", "description", "updatedAt",
}  # fmt: skip


@pytest.fixture
def runtime():
    return FakeRuntime()


@pytest.fixture
def engine(ground, runtime):
    with running(ground, runtime) as made:
        yield made


@pytest.fixture
def alice(engine, ground):
    return User(engine, users.create(ground.database, "alice", many_users=True)[1])


@pytest.fixture
def bob(engine, ground):
    return User(engine, users.create(ground.database, "bob", many_users=True)[1])


class User(Caller):
    """A caller who waits for tasks."""

    def __init__(self, engine, key):
        super().__init__(engine.door, key)
        self._wait = engine.wait

    def ended(self, task_id):
        """The task's status, once it has ended, and its data."""
        self._wait(task_id)
        return self.post("task/status", {"taskId": task_id})


def submit(caller, package_id, handle="1.0.0", **fields):
    """Start a deploy in the form that the original client sends; the first answer."""
    form = {"packageId": package_id, "type": "file", "configTemplate": "{}", **fields}
    if handle is not None:
        form["handle"] = handle
    parts = [(name, (name, value)) for name, value in form.items()]
    bundle = ("file", ("package.zip", b"zip", "multipart/form-data"))
    return caller.send("POST", "package/version/create", files=[*parts, bundle]).json()


def deployed(caller, handle, **more):
    """A package with version 1.0.0; both on the wire."""
    package = caller.data("package/create", {"handle": handle, **more})["package"]
    status = submit(caller, package["id"])["status"]
    return package, caller.ended(status["taskId"])["data"]["packageVersion"]


def use(caller, package, handle, **more):
    body = {
        "packageHandle": package,
        "handle": handle,
        "fetchIfExists": True,
        "workspaceHandle": handle,
        "createWorkspace": True,
        **more,
    }
    return caller.data("package/instance/create", body, **USE)["packageInstance"]


def test_a_package_has_every_field(alice):
    """Create, get, update and list answer all fields of a package, the same each time."""
    made = alice.data("package/create", {"handle": "greeter", "isPublic": None, "profile": {"a": [1]}})[
        "package"
    ]
    assert made.keys() >= PACKAGE
    assert ID.fullmatch(made["id"])
    assert MOMENT.fullmatch(made["createdAt"])
    assert made["isPublic"] is False
    assert made["profile"] == {"a": [1]}
    assert alice.data("package/get", {"handle": "greeter", "id": None}) == {"package": made}
    assert alice.data("package/list") == {"packages": [made], "nextPageToken": None}
    changed = alice.data("package/update", {"id": made["id"], "readme": "# Hi", "profile": None})["package"]
    assert (changed["readme"], changed["profile"]) == ("# Hi", {"a": [1]})
    assert alice.data("package/delete", {"id": made["id"]}) == {"package": changed}
    assert alice.refusal("package/get", {"handle": "greeter"}).startswith("NotFound:")


def test_a_strangers_handle_is_answered_in_three_words(alice, bob):
    """The status of a taken handle has exactly the original's message, and says conflict."""
    alice.data("package/create", {"handle": "greeter"})
    answer = bob.send("POST", "package/create", json={"handle": "greeter", "fetchIfExists": True})
    assert answer.status_code == 409
    assert answer.json()["status"]["statusMessage"] == "Something went wrong."


def test_a_deploy_is_a_task(alice):
    """The first answer is a waiting task without data; it ends with the version, as get and list give it."""
    package = alice.data("package/create", {"handle": "greeter"})["package"]
    first = submit(alice, package["id"])
    assert first["status"]["state"] == "waiting"
    assert "data" not in first
    whole = alice.ended(first["status"]["taskId"])
    version = whole["data"]["packageVersion"]
    assert whole["data"].keys() == {"packageVersion"}
    assert version.keys() >= VERSION | VERSION_OURS
    assert (version["packageId"], version["handle"], version["isDefault"]) == (package["id"], "1.0.0", True)
    assert (version["kind"], version["readme"], version["notes"]) == ("native", "# Greeter", ["a remark"])
    assert version["kindReason"] == "the test says so"
    assert version["configTemplate"] == {}
    assert alice.data("package/version/get", {"id": version["id"]}) == {"packageVersion": version}
    listed = alice.data("package/version/list", {"packageId": package["id"]})
    assert listed == {"packageVersions": [version], "nextPageToken": None}
    assert alice.data("package/version/delete", {"id": version["id"]}) == {"packageVersion": version}


def test_a_used_version_handle_fails_the_task(alice):
    """A second deploy under a handle fails with the words that the original's command line looks for."""
    package, _ = deployed(alice, "greeter")
    whole = alice.ended(submit(alice, package["id"])["status"]["taskId"])
    assert whole["status"]["state"] == "failed"
    assert whole["status"]["statusMessage"] == "The object you are trying to create already exists."


def test_a_bad_import_fails_the_task(alice, runtime):
    """The message of a failed import arrives, with the traceback, and the version handle stays free."""
    runtime.machine.problem = DeployError("No module named 'x'", details="api.py, line 1")
    package = alice.data("package/create", {"handle": "greeter"})["package"]
    whole = alice.ended(submit(alice, package["id"])["status"]["taskId"])
    assert whole["status"]["statusMessage"] == "No module named 'x'\n\napi.py, line 1"
    runtime.machine.problem = None
    again = alice.ended(submit(alice, package["id"])["status"]["taskId"])
    assert again["data"]["packageVersion"]["handle"] == "1.0.0"


def test_a_deploy_without_a_bundle(alice):
    """A deploy without the part `file` fails and says what to send."""
    package = alice.data("package/create", {"handle": "greeter"})["package"]
    first = alice.post("package/version/create", {"packageId": package["id"]})
    status = (
        alice.ended(first["status"]["taskId"])["status"]
        if first["status"]["state"] == "waiting"
        else first["status"]
    )
    assert status["state"] == "failed"
    assert "no bundle" in status["statusMessage"]


def test_an_instance_has_every_field(alice):
    """Create, get and list answer all fields of an instance, the same each time, and at the top level too."""
    package, version = deployed(alice, "greeter")
    body = {"packageHandle": "greeter", "handle": "mine", "fetchIfExists": True, "config": None}
    whole = alice.post("package/instance/create", body)
    assert whole["packageInstance"] == whole["data"]["packageInstance"]
    made = whole["packageInstance"]
    assert made.keys() >= INSTANCE | {"initMessage"}
    assert (made["packageId"], made["packageHandle"]) == (package["id"], "greeter")
    assert (made["packageVersionId"], made["packageVersionHandle"]) == (version["id"], "1.0.0")
    assert (made["userHandle"], made["workspaceHandle"]) == ("alice", "default")
    assert made["invocationURL"] == made["invocationUrl"] == "http://localhost/@alice/default/mine/"
    assert (made["initStatus"], made["initTaskID"], made["config"]) == ("notNeeded", None, {})
    assert alice.data("package/instance/get", {"handle": "mine"}) == {"packageInstance": made}
    listed = {"packageInstances": [made], "nextPageToken": None}
    assert alice.data("package/instance/list", {"includeWorkspace": True}) == listed
    assert alice.data("package/instance/delete", {"id": made["id"]}) == {"packageInstance": made}


def test_lists_stay_in_the_workspace_unless_asked(alice):
    """A listing shows the current workspace's instances, and all with acrossWorkspaces."""
    deployed(alice, "greeter")
    one, two = use(alice, "greeter", "one"), use(alice, "greeter", "two")
    here = {"X_Workspace_Id": one["workspaceId"]}
    assert alice.data("package/instance/list", **here)["packageInstances"] == [one]
    across = alice.data("package/instance/list", {"acrossWorkspaces": True}, **here)
    assert across["packageInstances"] == [two, one]


def test_deleting_from_another_workspace(alice, runtime):
    """An instance is deleted by id from any workspace of its user, and its worker is stopped."""
    deployed(alice, "greeter")
    one = use(alice, "greeter", "one")
    use(alice, "greeter", "two")
    alice.data("package/instance/delete", {"id": one["id"]}, X_Workspace_Handle="two")
    assert runtime.machine.stopped == [one["id"]]


def test_the_workspace_fields_count_with_use_1_only(alice):
    """A client that does not say use/1 gets its instance in the current workspace, whatever else it sends."""
    deployed(alice, "greeter")
    body = {"packageHandle": "greeter", "handle": "mine", "workspaceHandle": "mine", "createWorkspace": True}
    made = alice.data("package/instance/create", body)["packageInstance"]
    assert made["workspaceHandle"] == "default"
    assert use(alice, "greeter", "mine")["workspaceHandle"] == "mine"


def test_an_init_starts_as_initializing_and_ends_complete(alice, runtime, engine):
    """Without use/1 the answer says initializing at once; after the init it is complete."""
    runtime.machine.needs_init = True
    deployed(alice, "slow")
    body = {"packageHandle": "slow", "handle": "mine", "initWaitMs": 30_000}
    made = alice.data("package/instance/create", body)["packageInstance"]
    assert made["initStatus"] == "initializing"
    engine.open()
    assert alice.ended(made["initTaskID"])["status"]["state"] == "succeeded"
    assert (
        alice.data("package/instance/get", {"id": made["id"]})["packageInstance"]["initStatus"] == "complete"
    )
    assert runtime.called == ["/__instance_init__"]


def test_use_waits_for_the_init(alice, runtime, engine):
    """With use/1 and initWaitMs the one answer already says how the init ended."""
    runtime.machine.needs_init = True
    engine.open()
    deployed(alice, "slow")
    made = use(alice, "slow", "mine", initWaitMs=30_000)
    assert (made["initStatus"], made["initMessage"]) == ("complete", None)
    runtime.error = ReplyError("PackageError", "No quota.", details="line 7")
    failed = use(alice, "slow", "other", initWaitMs=30_000)
    assert (failed["initStatus"], failed["initMessage"]) == ("failed", "No quota.\n\nline 7")
    assert use(alice, "slow", "other", initWaitMs=30_000) == failed


def test_use_waits_no_longer_than_asked(alice, runtime):
    """An init that takes longer than initWaitMs is answered as initializing."""
    runtime.machine.needs_init = True
    deployed(alice, "slow")
    assert use(alice, "slow", "mine", initWaitMs=50)["initStatus"] == "initializing"


def test_secrets_are_in_no_answer(alice, runtime):
    """A secret parameter's value is neither in the instance nor in any later answer about it."""
    runtime.machine.template = {"token": {"type": "string", "secret": True}, "n": {"type": "number"}}
    deployed(alice, "secretive")
    made = use(alice, "secretive", "mine", config={"token": "canary-42", "n": 3})
    assert made["config"] == {"n": 3}
    assert use(alice, "secretive", "mine", config={"token": "canary-42", "n": 3}) == made
    refusal = alice.refusal(
        "package/instance/create",
        {"packageHandle": "secretive", "handle": "mine", "fetchIfExists": True, "workspaceHandle": "mine",
         "config": {"token": "other-canary", "n": 3}},
        **USE,
    )  # fmt: skip
    assert refusal.startswith("InvalidConfig: Configuration for this PackageInstance is invalid.")
    assert "canary" not in refusal


def test_two_users_share_public_packages_and_nothing_else(alice, bob):
    """Another user sees a public package and its versions, never its owner's instances or private packages."""
    private, hidden = deployed(alice, "private")
    public, shown = deployed(alice, "public", isPublic=True)
    mine = use(alice, "public", "mine")
    theirs = use(bob, "public", "mine")
    assert mine["id"] != theirs["id"]
    assert mine["workspaceId"] != theirs["workspaceId"]
    assert theirs["invocationURL"] == "http://localhost/@bob/mine/mine/"
    assert bob.data("package/get", {"id": public["id"]}) == {"package": public}
    assert bob.data("package/version/get", {"id": shown["id"]}) == {"packageVersion": shown}
    for path, body in (
        ("package/get", {"id": private["id"]}),
        ("package/get", {"handle": "private"}),
        ("package/update", {"id": private["id"], "readme": "x"}),
        ("package/delete", {"id": private["id"]}),
        ("package/version/get", {"id": hidden["id"]}),
        ("package/version/list", {"packageId": private["id"]}),
        ("package/version/delete", {"id": hidden["id"]}),
        ("package/instance/create", {"packageHandle": "private", "handle": "x"}),
        ("package/instance/create", {"packageVersionId": hidden["id"], "handle": "x"}),
        ("package/instance/get", {"id": mine["id"]}),
        ("package/instance/delete", {"id": mine["id"]}),
    ):
        assert bob.refusal(path, body).startswith("NotFound:"), path
    status = bob.ended(submit(bob, private["id"], "6.6.6")["status"]["taskId"])["status"]
    assert (status["state"], status["statusCode"]) == ("failed", "NotFound")
    assert bob.data("package/instance/list", {"acrossWorkspaces": True})["packageInstances"] == [theirs]


def test_local_development_points_to_deploying(alice):
    """The original's local development instance answers 501 and what to do."""
    deployed(alice, "greeter")
    body = {
        "packageHandle": "greeter",
        "packageVersionHandle": "local-development!",
        "localDevelopmentURL": "https://tunnel.example/",
        "handle": "dev",
    }
    answer = alice.send("POST", "package/instance/create", json=body)
    assert answer.status_code == 501
    assert answer.json()["status"]["statusCode"] == "NotImplemented"
    assert "ship deploy" in answer.json()["status"]["statusSuggestion"]


def test_an_instance_made_in_the_background(alice):
    """Creating an instance as a task gives the same instance, under the task's data."""
    deployed(alice, "greeter")
    first = alice.post(
        "package/instance/create", {"packageHandle": "greeter", "handle": "mine"}, X_Task_Background="true"
    )
    assert first["status"]["state"] == "waiting"
    data = alice.ended(first["status"]["taskId"])["data"]
    assert data == alice.data("package/instance/get", {"handle": "mine"})
