"""Methods that yield and methods that wait, through a real engine."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from steamship import PackageInstance, Steamship
from steamship.base.error import NotFoundError, PackageError, PackageMemoryError, SteamshipError
from steamship.utils.url import Verb
from tests.services.deploying import Deploy
from tests.services.engine import EngineProcess

_PATIENCE_S = 20


@pytest.fixture(scope="module")
def streams(deploy: Deploy) -> str:
    """The package `streams`, deployed; its handle."""
    deploy("streams", "streams", version="1.0.0")
    return "streams"


@pytest.fixture
def instance(at_home: EngineProcess, streams: str) -> Iterator[PackageInstance]:
    """An instance in a workspace of its own."""
    with Steamship.temporary_workspace() as client:
        yield client.use(streams, "one")


def received(at_home: EngineProcess, instance: PackageInstance, method: str, accept: str) -> httpx.Response:
    """The answer to a POST of nothing with that Accept header."""
    headers = {"Authorization": f"Bearer {at_home.key}", "Accept": accept}
    return httpx.post(f"{instance.invocation_url}{method}", json={}, headers=headers, timeout=_PATIENCE_S)


def test_items_arrive_as_they_are_made(instance: PackageInstance) -> None:
    """The first items of a generator without an end are there at once; leaving the loop closes it in the package."""
    items = instance.stream("endless")
    assert [next(items) for _ in range(3)] == [0, 1, 2]
    items.close()
    until = time.monotonic() + _PATIENCE_S
    while (told := instance.invoke("told"))[-1] != "closed":
        assert time.monotonic() < until
    # It was never far ahead of its reader.
    assert len(told) < 1_000


def test_both_kinds_of_generators(instance: PackageInstance) -> None:
    """`stream` gives the items one by one, of plain and async ones, by POST and GET; `invoke` gives them as a list."""
    assert list(instance.stream("count", to=3)) == [0, 1, 2]
    assert list(instance.stream("letters", verb=Verb.GET, text="aß")) == ["a", "ß"]
    assert instance.invoke("count", to=3) == [0, 1, 2]
    assert instance.invoke("letters", verb=Verb.GET, text="") == []
    assert instance.invoke("count", to=50_000) == list(range(50_000))


def test_an_error_in_the_middle_reaches_whoever_reads(instance: PackageInstance) -> None:
    """`stream` raises what the package said, or that it failed; `invoke` fails, and never gives half a list."""
    items = instance.stream("breaks", deliberate=True)
    assert next(items) == 1
    with pytest.raises(PackageError, match="No more of it") as told:
        next(items)
    assert told.value.suggestion == "Ask for less."
    with pytest.raises(PackageError, match="The package failed"):
        list(instance.stream("breaks"))
    with pytest.raises(SteamshipError):
        instance.invoke("breaks")
    with pytest.raises(NotFoundError):
        list(instance.stream("nothing"))
    assert instance.invoke("count", to=1) == [0]


def test_what_the_caller_likes_is_how_it_is_written(
    at_home: EngineProcess, instance: PackageInstance
) -> None:
    """Without a wish items are a JSON array; events and lines come to those whose Accept header says so."""
    plain = received(at_home, instance, "breaks?deliberate=true", "text/event-stream")
    assert plain.headers["content-type"] == "text/event-stream"
    assert plain.text.startswith("data: 1\n\nevent: error\ndata: ")
    url = f"{instance.invocation_url}count"
    for accept, kind, text in (
        ("*/*", "application/json", "[0,\n1]"),
        ("application/x-ndjson", "application/x-ndjson", "0\n1\n"),
        ("application/json, text/event-stream", "application/json", "[0,\n1]"),
    ):
        headers = {"Authorization": f"Bearer {at_home.key}", "Accept": accept}
        answer = httpx.post(url, json={"to": 2}, headers=headers, timeout=_PATIENCE_S)
        assert (answer.headers["content-type"], answer.text) == (kind, text)


def test_a_response_may_be_made_in_pieces(at_home: EngineProcess, instance: PackageInstance) -> None:
    """The pieces of an InvocableResponse are one body of its type."""
    answer = received(at_home, instance, "page", "*/*")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.text == "<p>ä</p>"


def test_async_calls_of_one_instance_run_at_once(instance: PackageInstance) -> None:
    """Two callers whose calls wait for each other are both answered, by one process."""
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(lambda _: instance.invoke("meet"), range(2))) == ["met", "met"]


def test_out_of_memory_ends_the_process_and_not_the_instance(instance: PackageInstance) -> None:
    """A MemoryError is told by its name, with the traceback for the owner; the next call has a new process."""
    before = instance.invoke("process")
    with pytest.raises(PackageMemoryError, match="no bytes left"):
        instance.invoke("hungry")
    assert instance.invoke("process") != before


def test_events_of_a_stream_are_json(at_home: EngineProcess, instance: PackageInstance) -> None:
    """An error event carries the failed status of an ordinary error answer, with the call's request id."""
    answer = received(at_home, instance, "breaks", "text/event-stream")
    status = json.loads(answer.text.rpartition("data: ")[2])["status"]
    assert (status["state"], status["statusCode"]) == ("failed", "PackageError")
    assert status["requestId"] == answer.headers["x-request-id"]
