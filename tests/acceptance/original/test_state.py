"""State with the unmodified original client: files, tags, key-values, tasks."""

from __future__ import annotations

import httpx
import pytest

from tests.services.original_client import Original, OriginalError


def test_a_key_value_store(original: Original) -> None:
    """Values are set, read at once, replaced, listed, deleted, and reset; two stores do not meet."""
    found = original("""
        from steamship.utils.kv_store import KeyValueStore
        client = Steamship(workspace="original-kv")
        store, other = KeyValueStore(client, "one"), KeyValueStore(client, "two")
        result = {"none": store.get("a")}
        store.set("a", {"n": 1})
        store.set("b", {"text": "Grüße", "list": [1, None, {"x": True}]})
        store.set("a", {"n": 2})
        result["a"], result["b"] = store.get("a"), store.get("b")
        result["items"] = sorted(store.items())
        result["some"] = store.items(["a"])
        result["other"] = other.items()
        result["deleted"] = [store.delete("a"), store.delete("a"), store.get("a")]
        store.reset()
        result["reset"] = store.items()
    """)
    b = {"text": "Grüße", "list": [1, None, {"x": True}]}
    assert found["none"] is None
    assert (found["a"], found["b"]) == ({"n": 2}, b)
    assert found["items"] == [["a", {"n": 2}], ["b", b]]
    assert found["some"] == [["a", {"n": 2}]]
    assert found["other"] == []
    assert found["deleted"] == [True, False, None]
    assert found["reset"] == []


def test_files(original: Original) -> None:
    """A file with content and tags is the same object in create, get, list and query, and its bytes are exact."""
    found = original("""
        from steamship import File, Tag, MimeTypes
        client = Steamship(workspace="original-files")
        made = File.create(client, content=b"\\x89PNG\\r\\n\\x1a\\n\\x00", handle="my_file",
                           tags=[Tag(kind="k", name="n", value={"a": "1"})])
        plain = lambda file: file.dict(exclude={"client"})
        result = {
            "equal": all(plain(made) == plain(other) for other in (
                File.get(client, _id=made.id),
                File.get(client, handle="my_file"),
                File.list(client).files[0],
                File.query(client, 'filetag and kind "k" and name "n"').files[0],
            )),
            "mime": made.mime_type, "handle": made.handle, "raw": made.raw(),
            "empty": File.create(client).id is not None,
        }
        made.delete()
        result["left"] = len(File.list(client).files)
    """)
    assert found["equal"]
    assert (found["mime"], found["handle"]) == ("image/png", "my_file")
    assert found["raw"] == {"bytes": b"\x89PNG\r\n\x1a\n\x00".hex()}
    assert found["empty"]
    assert found["left"] == 1


def test_public_data(original: Original) -> None:
    """Bytes are private until they are published, and private again at once when that is taken back."""
    opened = original("""
        from steamship import File
        client = Steamship(workspace="original-files")
        file = File.create(client, content="words", mime_type="text/plain")
        address = file.client.config.api_base + f"file/{file.id}/raw"
        result = str(address)
    """)
    assert httpx.get(opened).status_code == 401
    original("file.set_public_data(True)")
    answer = httpx.get(opened)
    assert (answer.content, answer.headers["content-type"]) == (b"words", "text/plain")
    original("file.set_public_data(False)")
    assert httpx.get(opened).status_code == 401


def test_tags(original: Original) -> None:
    """Tags are added one by one, found by a query, and deleted."""
    found = original("""
        from steamship import File, Tag
        client = Steamship(workspace="original-tags")
        file = File.create(client)
        tags = [Tag.create(client, file_id=file.id, kind="same", name=n, value={"n": n}) for n in ("x", "y")]
        result = {"found": [t.name for t in Tag.query(client, 'kind "same"').tags]}
        tags[0].delete()
        result["left"] = [(t.name, t.value) for t in file.refresh().tags]
    """)
    assert found == {"found": ["x", "y"], "left": [["y", {"n": "y"}]]}


def test_tasks(original: Original) -> None:
    """A call sent to the background waits, succeeds, hands out its output, and holds back its dependents."""
    found = original("""
        client = Steamship(workspace="original-tasks")
        first = client.post("task/noop", {}, as_background_task=True)
        states = [first.state]
        second = client.post("task/noop", {}, wait_on_tasks=[first])
        states.append(second.state)
        second.wait(max_timeout_s=30, retry_delay_s=0.05)
        first.wait(max_timeout_s=30, retry_delay_s=0.05)
        result = {"states": [*states, first.state, second.state], "output": first.output,
                  "request": bool(first.request_id),
                  "got": type(Task.get(client, _id=first.task_id)).__name__}
    """)
    assert found["states"] == ["waiting", "waiting", "succeeded", "succeeded"]
    assert (found["output"], found["request"], found["got"]) == ({}, True, "Task")


def test_a_failing_task(original: Original) -> None:
    """A failing task is accepted, makes its wait raise, and refuses later dependents."""
    original("""
        client = Steamship(workspace="original-tasks")
        bad = client.post("task/alwaysfail", {}, as_background_task=True)
        result = bad.state
    """)
    with pytest.raises(OriginalError, match="alwaysfail"):
        original("bad.wait(max_timeout_s=30, retry_delay_s=0.05)")
    with pytest.raises(OriginalError, match="At least one dependent already failed"):
        original('client.post("task/noop", {}, wait_on_tasks=[bad])')


def test_a_delayed_task(original: Original) -> None:
    """A task with `task_delay_ms` ends within the client's own wait."""
    assert (
        original("""
        client = Steamship(workspace="original-tasks")
        late = client.post("task/noop", {}, task_delay_ms=1000)
        late.wait(max_timeout_s=30, retry_delay_s=0.05)
        result = late.state
    """)
        == "succeeded"
    )


def test_updating_a_task(original: Original) -> None:
    """`post_update` writes a task's output and state; a failed state makes the next poll raise."""
    original("""
        client = Steamship(workspace="original-tasks")
        task = client.post("task/noop", {}, as_background_task=True)
        task.wait(max_timeout_s=30, retry_delay_s=0.05)
        task.output = '{"meaning": 42}'
        task.post_update(fields={"output"})
        task.refresh()
        result = task.output
    """)
    original(
        "task.state = 'failed'; task.status_message = 'by hand'; task.post_update({'state', 'status_message'})"
    )
    with pytest.raises(OriginalError, match="by hand"):
        original("task.refresh()")
