"""The SDK keeps the contract: its requests are those of every scene, and it understands the replies."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable
from email import message_from_bytes
from typing import Any

import pytest

from steamship import File, Package, PackageInstance, PackageVersion, Steamship, Tag, Task, User, Workspace
from steamship.base.error import (
    AlreadyExistsError,
    AuthenticationError,
    InvalidHandleError,
    InvalidRequestError,
    NotBuiltYetError,
    NotFoundError,
    SteamshipError,
)
from steamship.base.transport import HttpReply, HttpRequest
from steamship.utils.url import Verb
from tests.packages import bundle
from tests.services.contract import SCENES, Values, scene
from tests.services.fake_transport import API, APP, KEY


class Replay:
    """A transport that expects a scene's requests, in order, and answers with its replies."""

    def __init__(self, name: str) -> None:
        self.values = Values(api=API, app=APP, user="alice", key=KEY)
        self.left = deque(scene(name))

    def send(self, request: HttpRequest) -> HttpReply:
        assert self.left, f"{request!r} is not in the scene"
        example = self.left.popleft()
        wanted = self.values.filled(example["request"])
        place = example["name"]
        assert (request.verb, request.url) == (wanted["method"], wanted["url"]), place
        for name, value in wanted.get("headers", {}).items():
            assert request.headers.get(name) == value, f"{place}: {name} is {request.headers.get(name)!r}"
        if "form" in wanted:
            assert _form(request) == (wanted["form"], _content(wanted["upload"])), place
        elif "json" in wanted:
            assert json.loads(request.body or b"") == wanted["json"], place
        else:
            assert request.body is None, place
        return self._answer(example["reply"])

    def _answer(self, reply: dict[str, Any]) -> HttpReply:
        if "text" in reply:
            return HttpReply(reply["status"], {"content-type": "text/plain"}, reply["text"].encode())
        body = json.dumps(self.values.filled(reply["json"], invent=True)).encode()
        return HttpReply(reply["status"], {"content-type": "application/json"}, body)


def _form(request: HttpRequest) -> tuple[dict[str, str], bytes]:
    head = f"Content-Type: {request.headers['Content-Type']}\r\n\r\n".encode()
    fields: dict[str, bytes] = {}
    for part in message_from_bytes(head + (request.body or b"")).get_payload():
        name = part.get_param("name", header="content-disposition")
        fields[name] = part.get_payload(decode=True)
    upload = fields.pop("file")
    return {name: value.decode() for name, value in fields.items()}, upload


def _content(upload: dict[str, str]) -> bytes:
    return bundle(upload["package"]) if "package" in upload else upload["text"].encode()


def _identity(client: Steamship) -> None:
    assert User.current(client).handle == "alice"
    with pytest.raises(AuthenticationError):
        User.current(client)


def _workspaces(client: Steamship) -> None:
    made = Workspace.create(client, "demo")
    assert Workspace.create(client, "demo") == made
    with pytest.raises(AlreadyExistsError):
        Workspace.create(client, "demo", fetch_if_exists=False)
    with pytest.raises(InvalidHandleError):
        Workspace.create(client, "no blanks")
    assert Workspace.get(client, handle="demo") == made
    client.switch_workspace(workspace_id=made.id, workspace_handle="demo", trust_workspace_config=True)
    assert Workspace.get(client) == made
    page = Workspace.list(client, page_size=1)
    assert (page.workspaces, page.next_page_token) == ([made], None)
    assert made.delete() == made
    with pytest.raises(NotFoundError):
        made.delete()


def _tasks(client: Steamship) -> None:
    task = client.post("task/noop", {}, as_background_task=True)
    assert task.state == "waiting"
    assert task.wait(retry_delay_s=0) == {}
    failing = client.post("task/alwaysfail", {}, wait_on_tasks=[task])
    with pytest.raises(SteamshipError, match="some text"):
        failing.wait(retry_delay_s=0)
    assert failing.state == "failed"
    assert Task.get(client, task.task_id).state == "succeeded"


def _files(client: Steamship) -> None:
    shelf = Workspace.create(client, "shelf")
    there = client.in_workspace_of(shelf.id, shelf.handle)
    tag = Tag(kind="about", name="autumn", value={"mood": "mild", "lines": 1})
    poem = File.create(there, content="Leaves are falling.", handle="poem", tags=[tag])
    assert poem.mime_type == "text/plain"
    assert [tag.name for tag in poem.tags] == ["autumn"]
    assert poem.raw() == b"Leaves are falling."
    lines = Tag.create(there, file_id=poem.id, kind="kv-store-notes", name="lines", value={"count": 1})
    found = File.query(there, 'filetag and kind "kv-store-notes"').files
    assert [tag.name for tag in found[0].tags] == ["autumn", "lines"]
    lines.delete()
    assert File.get(there, handle="poem").tags == [Tag(id=poem.tags[0].id)]
    poem.delete()


def _packages(client: Steamship) -> None:
    package = Package.create(client, "contract-greeter", fetch_if_exists=True)
    package.description, package.readme = "Greets people.", "# Greeter"
    assert package.update(client) == package
    version = PackageVersion.create(
        client, package_id=package.id, handle="1.0.0", filebytes=bundle("greeter")
    )
    assert [v.id for v in PackageVersion.list(client, package.id).package_versions] == [version.id]
    instance = _used(client, "contract-greeter", "mine")
    assert instance.invoke("greet", name="Beautiful") == "Hello, Beautiful!"
    assert instance.invoke("health", verb=Verb.GET) == {"ok": True}
    with pytest.raises(NotFoundError, match=r"No handler for POST /nope available\."):
        instance.invoke("nope")
    with pytest.raises(InvalidRequestError):
        instance.invoke("greet", title="Dr")
    with pytest.raises(NotFoundError):
        _used(client, "nobody-has-this", "nobody-has-this")
    there = instance.client
    assert PackageInstance.get(there, "mine").id == instance.id
    assert [i.id for i in PackageInstance.list(there, package.id).package_instances] == [instance.id]
    assert instance.delete().id == instance.id
    assert version.delete().id == version.id
    assert package.delete().id == package.id


def _originals(client: Steamship) -> None:
    package = Package.create(client, "contract-trouble", fetch_if_exists=True)
    PackageVersion.create(
        client,
        package_id=package.id,
        handle="1.0.0",
        filebytes=bundle("original/trouble"),
        config_template={"start": {"type": "string", "default": "well"}},
    )
    instance = PackageInstance.create(
        client, package_handle="contract-trouble", handle="mine", fetch_if_exists=True
    )
    assert instance.init_status == "initializing"
    instance.refresh_init_status()
    assert (instance.init_status, instance.config) == ("complete", {"start": "well"})
    assert instance.invoke("takes", colour="red", coats=2) == "2 x red"
    for method, message, suggestion in (
        ("refuse", "[ERROR - POST /refuse] No more paint.", "Buy some."),
        ("raise", "[ERROR - POST /raise] spilled", None),
        ("nothing", "Handler provided no response.", None),
        ("nowhere", "No handler for POST /nowhere available.", None),
        ("answer_an_error", "The wall is taken.", None),
    ):
        with pytest.raises(SteamshipError) as raised:
            instance.invoke(method)
        assert (raised.value.message, raised.value.suggestion) == (message, suggestion)
    assert _later(client, "takes", colour="red").wait(retry_delay_s=0) == "MSB4IHJlZA=="
    with pytest.raises(SteamshipError, match="No more paint"):
        _later(client, "/refuse").wait(retry_delay_s=0)
    instance.delete()
    package.delete()


def _later(client: Steamship, method: str, **arguments: object) -> Task:
    """The task that a package's own `invoke_later` makes."""
    call = {"httpVerb": "POST", "invocationPath": method, "arguments": arguments}
    body = {"instanceHandle": "mine", "payload": call}
    return client.post("package/instance/invoke", body, as_background_task=True)


def _used(client: Steamship, package: str, handle: str) -> PackageInstance:
    """What `Steamship.use` gives, over the replay."""

    class Replayed(Steamship):
        transport = client.transport

    return Replayed.use(package, handle, api_key=KEY)


def _errors(client: Steamship) -> None:
    with pytest.raises(NotFoundError) as missing:
        client.post("nothing/like-this", {})
    assert missing.value.request_id
    with pytest.raises(NotBuiltYetError):
        client.post("plugin/get", {"handle": "gpt-4"})
    with pytest.raises(InvalidRequestError):
        client.post("workspace/create", {"handle": {"not": "text"}})
    with pytest.raises(InvalidRequestError):
        Workspace.list(client, page_size=-1)


_WALKS: dict[str, Callable[[Steamship], None]] = {
    "identity": _identity,
    "workspaces": _workspaces,
    "tasks": _tasks,
    "files": _files,
    "packages": _packages,
    "originals": _originals,
    "errors": _errors,
}


@pytest.mark.parametrize("name", SCENES)
def test_sdk_sends_and_reads_what_the_contract_says(name: str) -> None:
    """The SDK sends each request of a scene as it is written and turns the reply into what it means."""
    replay = Replay(name)
    client = Steamship.in_workspace(
        api_key=KEY, api_base=API, app_base=APP, web_base=APP, workspace_id="", workspace_handle=""
    )
    client.transport = replay
    _WALKS[name](client)
    assert not replay.left, f"nothing asked for {[example['name'] for example in replay.left]}"
