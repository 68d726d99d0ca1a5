"""What is kept in a workspace, with our Python SDK."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from steamship import File, MimeTypes, Steamship, Tag
from steamship.base.error import NotFoundError
from steamship.utils.kv_store import KeyValueStore


@pytest.fixture
def client(at_home: object) -> Iterator[Steamship]:
    """A client in a workspace of its own."""
    with Steamship.temporary_workspace() as made:
        yield made


def test_a_key_value_store(client: Steamship) -> None:
    """Values are set, read at once, replaced, listed, deleted and reset; stores of other names are apart."""
    store = KeyValueStore(client, "colours")
    assert store.get("sky") is None
    store.set("sky", {"is": "grey"})
    store.set("sky", {"is": "blue"})
    store.set("sea", {"is": "green", "depth": [1, {"m": 2.5}]})
    assert store.get("sky") == {"is": "blue"}
    assert dict(store.items()) == {"sky": {"is": "blue"}, "sea": {"is": "green", "depth": [1, {"m": 2.5}]}}
    assert store.items(filter_keys=["sea", "moon"]) == [("sea", {"is": "green", "depth": [1, {"m": 2.5}]})]
    assert KeyValueStore(client, "other").items() == []
    assert store.delete("sky") is True
    assert store.delete("sky") is False
    store.reset()
    assert store.items() == []


def test_a_store_that_was_made_twice(client: Steamship) -> None:
    """Two that write a store's first value at once lose neither: what either wrote is read, replaced and reset."""
    store = KeyValueStore(client, "twins")
    for key in ("a", "b"):
        file = File.create(client, tags=[Tag(kind="kv-store-twins", name="__init__")])
        Tag.create(client, file_id=file.id, kind="kv-store-twins", name=key, value={"is": key})
    assert (store.get("a"), store.get("b")) == ({"is": "a"}, {"is": "b"})
    store.set("b", {"is": "new"})
    assert sorted(store.items()) == [("a", {"is": "a"}), ("b", {"is": "new"})]
    store.reset()
    assert store.items() == []


@pytest.mark.parametrize(
    "content", [b"", b"\x00\xff bytes", "text, ä and 漢".encode()], ids=["none", "bytes", "text"]
)
def test_bytes_come_back_as_they_were(client: Steamship, content: bytes) -> None:
    """A file's bytes are exactly those that were given."""
    file = File.create(client, content=content, mime_type=MimeTypes.BINARY)
    assert file.raw() == content


def test_a_file_is_the_same_everywhere(client: Steamship) -> None:
    """Create, get by id and by handle, list and query give equal files, tags included."""
    tag = Tag(kind="topic", name="sea", value={"depth": 3})
    file = File.create(client, content="waves", mime_type=MimeTypes.TXT, handle="waves", tags=[tag])
    assert file.mime_type == MimeTypes.TXT
    assert [(kept.kind, kept.name, kept.value) for kept in file.tags] == [("topic", "sea", {"depth": 3})]
    assert File.get(client, _id=file.id) == File.get(client, handle="waves") == file
    assert File.list(client).files == [file]
    assert File.query(client, 'filetag and kind "topic" and name "sea"').files == [file]
    assert File.query(client, 'kind "topic" and name "land"').files == []


def test_a_deleted_file_is_gone(client: Steamship) -> None:
    """After `delete` neither the file nor its bytes are there."""
    file = File.create(client, content="once")
    file.delete()
    with pytest.raises(NotFoundError):
        File.get(client, _id=file.id)
    with pytest.raises(NotFoundError):
        file.raw()
