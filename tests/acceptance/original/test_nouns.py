"""Making, finding, listing and deleting things with the unmodified original client."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest

from tests.packages import bundle
from tests.services.original_client import Original, OriginalError, environment_of


@pytest.fixture
def other(engine: Any, second_user: Any, original_python, tmp_path) -> Iterator[Original]:
    """The original client with another user's key."""
    driver = Original(original_python, tmp_path, environment_of(engine, second_user.key))
    driver("from steamship import *; from steamship.base.client import *")
    yield driver
    driver.close()


def zip_literal(name: str) -> str:
    """Code that is the bundle's bytes."""
    return f'__import__("base64").b64decode("{base64.b64encode(bundle(name)).decode()}")'


def test_current_user(original: Original) -> None:
    """`User.current` tells who the key's user is."""
    user = original("from steamship.data.user import User\nresult = User.current(Steamship())")
    assert user["handle"]
    assert user["id"] == user["id"].upper()


def test_workspaces(original: Original) -> None:
    """Workspaces are made, found again, refused twice, listed and deleted, and their handle is free again."""
    facts = original("""
        client = Steamship()
        a = Workspace.create(client, handle="nouns-a")
        again = Workspace.create(client, handle="nouns-a")
        found = Workspace.get(client, handle="nouns-a")
        listed = [w.handle for w in Workspace.list(client).workspaces]
        made = Workspace.create(client)
        result = [a.id == again.id == found.id, "nouns-a" in listed, made.handle != "default"]
    """)
    assert facts == [True, True, True]
    with pytest.raises(OriginalError, match="nouns-a"):
        original('Workspace.create(client, handle="nouns-a", fetch_if_exists=False)')
    assert original("""
        a.delete()
        b = Workspace.create(client, handle="nouns-a")
        result = a.id != b.id
        b.delete()
    """)
    with pytest.raises(OriginalError):
        original("b.delete()")


def test_temporary_workspace(original: Original) -> None:
    """A temporary workspace is gone when its block ends."""
    handle = original("""
        with Steamship.temporary_workspace() as client:
            handle = client.config.workspace_handle
        result = handle
    """)
    with pytest.raises(OriginalError):
        original(f'Workspace.get(Steamship(), handle="{handle}")')


def test_paging(original: Original) -> None:
    """Pages follow each other newest first, sizes may change, and an exactly full last page ends the list."""
    assert original("""
        from steamship.base.client import *
        client = Steamship()
        for n in range(4):
            Workspace.create(client, handle=f"page-{n}")
        from steamship.base.tasks import *
        first = Workspace.list(client, page_size=3)
        second = Workspace.list(client, page_size=2, page_token=first.next_page_token)
        handles = [w.handle for w in first.workspaces + second.workspaces]
        result = [len(first.workspaces), len(set(handles)) == len(handles), handles[:3]]
    """) == [3, True, ["page-3", "page-2", "page-1"]]
    with pytest.raises(OriginalError):
        original("Workspace.list(client, page_size=-1)")
    assert (
        original("""
        result = Workspace.list(client, page_size=1, page_token="not-found-foo").workspaces[0].handle
    """)
        == "page-3"
    )


def test_packages_versions_and_instances(original: Original) -> None:
    """A package is made, deployed, instantiated, listed and deleted again, step by step."""
    facts = original(f"""
        from steamship.data.package.package_instance import *
        client = Steamship(workspace="nouns-space")
        package = Package.create(client, handle="nouns-pack")
        version = PackageVersion.create(client, package_id=package.id, handle="1.0", filebytes={zip_literal("greeter")})
        instance = PackageInstance.create(client, package_id=package.id, package_version_id=version.id, handle="nouns-i")
        got = PackageInstance.get(client, handle="nouns-i")
        listed = PackageInstance.list(client).package_instances
        result = [Package.get(client, handle="nouns-pack").id == package.id, version.handle, got.id == instance.id,
                  len(listed), listed[0].id == instance.id, instance.invoke("greet", name="n")]
    """)
    assert facts == [True, "1.0", True, 1, True, "Hello, n!"]
    with pytest.raises(OriginalError, match="The object you are trying to create already exists."):
        original(
            f'PackageVersion.create(client, package_id=package.id, handle="1.0", filebytes={zip_literal("greeter")})'
        )
    assert (
        original("""
        instance.delete(); version.delete(); package.delete()
        result = len(PackageInstance.list(client).package_instances)
    """)
        == 0
    )
    with pytest.raises(OriginalError):
        original('Package.get(client, handle="nouns-pack")')


def test_a_bad_import_fails_the_deploy(original: Original) -> None:
    """The failure says what is missing, the version number stays free, and the old version serves on."""
    original(f"""
        client = Steamship(workspace="broken-space")
        package = Package.create(client, handle="nouns-broken")
        PackageVersion.create(client, package_id=package.id, handle="1", filebytes={zip_literal("greeter")})
    """)
    with pytest.raises(OriginalError, match="No module named"):
        original(
            f'PackageVersion.create(client, package_id=package.id, handle="2", filebytes={zip_literal("bad_import")})'
        )
    assert original(f"""
        before = client.use("nouns-broken").invoke("greet", name="n")
        two = PackageVersion.create(client, package_id=package.id, handle="2", filebytes={zip_literal("greeter")})
        result = [before, two.handle]
    """) == ["Hello, n!", "2"]


def test_two_users(original: Original, other: Original, deployed: None, deploy) -> None:
    """Users share public packages and nothing else: handles, instances and data are each one's own."""
    deploy("nouns-private", "greeter", version="1.0.0", public=False)
    mine = original(
        'a = Steamship.use("greeter", "shared-name")\nresult = [a.id, a.workspace_id, a.invocation_url]'
    )
    theirs = other(
        'b = Steamship.use("greeter", "shared-name")\nresult = [b.id, b.workspace_id, b.invocation_url]'
    )
    assert not set(mine) & set(theirs)
    with pytest.raises(OriginalError, match="nouns-private"):
        other('Steamship.use("nouns-private", "x")')
    for code in (
        f'Workspace.get(Steamship(), id="{mine[1]}")',
        'Package.get(Steamship(), handle="nouns-private")',
        f'Steamship().post("package/instance/get", {{"id": "{mine[0]}"}})',
        f'Steamship().post("package/instance/delete", {{"id": "{mine[0]}"}})',
    ):
        with pytest.raises(OriginalError):
            other(code)
    with pytest.raises(OriginalError) as taken:
        other('Package.create(Steamship(), handle="nouns-private", fetch_if_exists=True)')
    assert taken.value.message == "Something went wrong."


def test_key_value_store(original: Original) -> None:
    """What is set is read at once, replaced, listed and deleted; stores of other names are apart."""
    assert original("""
        from steamship.utils.kv_store import KeyValueStore
        client = Steamship(workspace="kv-space")
        store, apart = KeyValueStore(client, "one"), KeyValueStore(client, "two")
        store.set("a", {"n": 1}); store.set("a", {"n": 2}); store.set('b "quoted"', {"n": 3})
        before = [store.get("a"), store.get("missing"), apart.get("a"), sorted(k for k, _ in store.items())]
        store.delete("a")
        result = before + [store.get("a")]
    """) == [{"n": 2}, None, None, ["a", 'b "quoted"'], None]


def test_raw_files(original: Original) -> None:
    """Bytes are stored under a handle, read back as they were, listed and deleted."""
    assert original("""
        client = Steamship(workspace="files-space")
        text = File.create(client, content="plain text", handle="note.txt")
        data = File.create(client, content=bytes(range(256)), mime_type=MimeTypes.BINARY)
        got = File.get(client, handle="note.txt")
        listed = File.list(client).files
        before = [text.raw() in (b"plain text", "plain text"), data.raw() == bytes(range(256)), got.id == text.id,
                  len(listed), text.mime_type, data.mime_type, got == text]
        text.delete()
        result = before + [len(File.list(client).files)]
    """) == [True, True, True, 2, "text/plain", "application/octet-stream", True, 1]
    with pytest.raises(OriginalError):
        original("text.raw()")


def test_background_tasks(original: Original) -> None:
    """An operation sent to the background answers `waiting`, and succeeds or fails when it has run."""
    state, data, request_id = original("""
        client = Steamship()
        task = client.post("task/noop", {}, as_background_task=True)
        first = task.state
        task.wait(max_timeout_s=30)
        result = [first, task.state, bool(task.request_id)]
    """)
    assert [state, data, request_id] == ["waiting", "succeeded", True]
    with pytest.raises(OriginalError):
        original("""
            task = client.post("task/alwaysfail", {}, as_background_task=True)
            task.wait(max_timeout_s=30)
        """)


def test_dependencies(original: Original) -> None:
    """A task runs after those it needs, and fails with them."""
    assert original("""
        first = client.post("task/noop", {}, as_background_task=True)
        second = client.post("task/noop", {}, wait_on_tasks=[first])
        second.wait(max_timeout_s=30)
        first.refresh()
        result = [first.state, second.state]
    """) == ["succeeded", "succeeded"]
    with pytest.raises(OriginalError):
        original("""
            failing = client.post("task/alwaysfail", {}, as_background_task=True)
            after = client.post("task/noop", {}, wait_on_tasks=[failing])
            after.wait(max_timeout_s=30)
        """)


def test_what_is_not_built_says_so(original: Original) -> None:
    """An operation that the protocol knows and the engine does not have answers `NotImplemented`."""
    with pytest.raises(OriginalError) as raised:
        original('Steamship().use_plugin("gpt-4")')
    assert raised.value.code == "NotImplemented"
