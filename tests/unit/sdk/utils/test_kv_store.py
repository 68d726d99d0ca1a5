"""The key-value store, on files and tags that a dict holds."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest

from steamship import Steamship
from steamship.base.transport import HttpReply, HttpRequest
from steamship.utils.kv_store import KeyValueStore
from tests.services.fake_transport import API, FakeTransport, client_with, failure, reply


class Files:
    """The engine's files and tags as far as the store needs them."""

    def __init__(self) -> None:
        self.files: dict[str, dict[str, Any]] = {}
        self._ids = itertools.count(1)

    def answer(self, request: HttpRequest) -> HttpReply:
        sent = json.loads(request.body or b"{}")
        operation = request.url.removeprefix(API)
        if operation == "file/query":
            kind = sent["tagFilterQuery"].removeprefix('filetag and kind "').removesuffix('"')
            found = [f for f in self.files.values() if any(t["kind"] == kind for t in f["tags"])]
            return reply({"data": {"files": found}})
        if operation == "file/create":
            assert sent["type"] == "none"
            file: dict[str, Any] = {
                "id": f"F{next(self._ids)}",
                "tags": [{**t, "id": f"T{next(self._ids)}"} for t in sent["tags"]],
            }
            self.files[file["id"]] = file
            return reply({"data": {"file": file}})
        if operation == "file/delete":
            return reply({"data": {"file": self.files.pop(sent["id"])}})
        if operation == "tag/create":
            tag = {**sent, "id": f"T{next(self._ids)}"}
            self.files[sent["fileId"]]["tags"].append(tag)
            return reply({"data": {"tag": tag}})
        assert operation == "tag/delete"
        for file in self.files.values():
            for tag in file["tags"]:
                if tag["id"] == sent["id"]:
                    file["tags"].remove(tag)
                    return reply({"data": {"tag": tag}})
        return failure("NotFound", "no such tag", 404)


@pytest.fixture
def files() -> Files:
    return Files()


@pytest.fixture
def client(files: Files) -> Steamship:
    return client_with(FakeTransport(files.answer))


def test_a_value_is_kept(client: Steamship) -> None:
    """What was set is got, by any object of the same store."""
    KeyValueStore(client).set("a", {"n": 1, "none": None, "deep": {"list": [1.5, True]}})
    assert KeyValueStore(client).get("a") == {"n": 1, "none": None, "deep": {"list": [1.5, True]}}
    assert KeyValueStore(client).get("b") is None


def test_setting_again_replaces(client: Steamship, files: Files) -> None:
    """The last value counts, and the earlier one is gone."""
    store = KeyValueStore(client)
    store.set("a", {"n": 1})
    store.set("a", {"n": 2})
    assert store.get("a") == {"n": 2}
    assert [tag["name"] for file in files.files.values() for tag in file["tags"]] == ["__init__", "a"]


def test_items(client: Steamship) -> None:
    """All keys, or those asked for; the store's own mark is none of them."""
    store = KeyValueStore(client)
    assert store.items() == []
    store.set("a", {"n": 1})
    store.set("b", {"n": 2})
    assert store.items() == [("a", {"n": 1}), ("b", {"n": 2})]
    assert store.items(filter_keys=["b", "c"]) == [("b", {"n": 2})]


def test_delete_says_whether_it_was_there(client: Steamship) -> None:
    """A key is deleted once."""
    store = KeyValueStore(client)
    assert store.delete("a") is False
    store.set("a", {"n": 1})
    assert store.delete("a") is True
    assert store.delete("a") is False
    assert store.get("a") is None


def test_stores_are_apart(client: Steamship) -> None:
    """Stores with different identifiers share no key; resetting one leaves the other."""
    one, two = KeyValueStore(client, "one"), KeyValueStore(client, "two")
    one.set("a", {"n": 1})
    two.set("a", {"n": 2})
    one.reset()
    one.reset()
    assert one.get("a") is None
    assert two.get("a") == {"n": 2}


def test_reading_makes_no_file(client: Steamship, files: Files) -> None:
    """A store that was never written to leaves nothing behind."""
    store = KeyValueStore(client)
    store.get("a")
    store.items()
    store.delete("a")
    store.reset()
    assert files.files == {}
