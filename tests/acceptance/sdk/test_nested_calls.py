"""Packages that call packages: no call waits for itself, however it comes back to where it was made."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from steamship import PackageInstance, Steamship
from steamship.base.error import CallTooDeepError, PackageError
from steamship.utils.url import Verb
from tests.services.sandboxes import runs

DEPTH = 8


@pytest.fixture
def client(at_home: object, nests: str) -> Iterator[Steamship]:
    """A client in a workspace of its own."""
    with Steamship.temporary_workspace() as made:
        yield made


@pytest.fixture
def one(client: Steamship) -> PackageInstance:
    """An instance in it."""
    return client.use("nests", "one")


@pytest.fixture
def two(client: Steamship) -> PackageInstance:
    """Another one."""
    return client.use("nests", "two")


def test_back_to_the_first_several_times(one: PackageInstance, two: PackageInstance) -> None:
    """One -> two -> one -> two -> one by plain HTTP is answered, each of an instance's calls by another process."""
    urls = [two.invocation_url, one.invocation_url, two.invocation_url, one.invocation_url]
    pids = one.invoke("through", timeout_s=30, route=urls)
    assert len(pids) == len(set(pids)) == 5


@pytest.mark.parametrize("method", ["by_use", "by_other_use"])
def test_back_to_the_first_by_the_sdk(one: PackageInstance, two: PackageInstance, method: str) -> None:
    """So it is by `self.client.use`, and by a client that the package makes with its own key."""
    pids = one.invoke(method, timeout_s=30, handles=["two", "one", "one"])
    assert len(pids) == len(set(pids)) == 4


def test_an_instance_calls_itself(one: PackageInstance) -> None:
    """A handler that fetches its own invocation_url is answered."""
    assert one.invoke("fetches_itself", timeout_s=30) == "I say: open"


def test_public_methods_are_fetched_without_a_key(one: PackageInstance, two: PackageInstance) -> None:
    """Where there is no key to go by, the engine knows the worker that fetches by its connection."""
    told = one.invoke("fetches_round", timeout_s=30, other=two.invocation_url)
    assert told == "They say: it says open"
    assert one.invoke("fetch", Verb.GET, timeout_s=30, url=f"{one.invocation_url}open") == "it says open"


def test_further_workers_serve_again(one: PackageInstance) -> None:
    """The second time the same processes answer: a further worker stays for a while."""
    route = [one.invocation_url] * 3
    assert one.invoke("through", route=route) == one.invoke("through", route=route)


def test_a_chain_has_an_end(one: PackageInstance) -> None:
    """Eight calls may wait for one; the ninth is refused, with the status 508."""
    told = one.invoke("without_end", timeout_s=60)
    assert (told["http"], told["failed"]["statusCode"]) == (508, "CallTooDeep")
    assert f'"{DEPTH + 1}" calls wait for this one; at most "{DEPTH}" may.' in told["failed"]["statusMessage"]


def test_what_is_too_deep_is_an_error_of_its_own(one: PackageInstance) -> None:
    """Inside a package it is CallTooDeepError; outside, the failure of the package that let it pass."""
    with pytest.raises(PackageError, match="calls wait for this one") as refused:
        one.invoke("refused_inside", timeout_s=60, left=20)
    assert not isinstance(refused.value, CallTooDeepError)
    assert "calls wait for this one" in one.invoke("refused", timeout_s=60)["message"]


def test_two_that_call_each_other(one: PackageInstance, two: PackageInstance) -> None:
    """Two calls of which each waits for the other's worker are both answered."""
    together = uuid4().hex
    answers: dict[str, Any] = {}

    def meet(instance: PackageInstance, other: str) -> None:
        answers[other] = instance.invoke("meets", timeout_s=30, other=other, together=together)

    threads = [threading.Thread(target=meet, args=pair) for pair in ((one, "two"), (two, "one"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {len(pids) for pids in answers.values()} == {2}
    assert len(answers) == 2


def test_a_task_that_is_waited_for(one: PackageInstance) -> None:
    """A handler that waits for a task of its own instance, three deep, gets its answer."""
    pids = one.invoke("by_task", timeout_s=60, depth=3)
    assert len(pids) == len(set(pids)) == 4


def test_an_init_calls_another_instance(client: Steamship, one: PackageInstance, inits: str) -> None:
    """The init of a new instance gets its answer from another, which a caller from outside has made."""
    made = client.use("inits", "new", config={"back": "one"})
    assert made.invoke("pids") == one.invoke("by_use", handles=[])


def test_an_init_calls_who_waits_for_it(one: PackageInstance, inits: str) -> None:
    """So it does from the very instance that is making the new one."""
    pids = one.invoke("makes", timeout_s=60, handle="new")
    assert len(pids) == len(set(pids)) == 2


def test_a_call_that_has_ended_is_nobody_s_caller(client: Steamship, one: PackageInstance) -> None:
    """A thread that outlives its call calls the instance's own worker, which is free."""
    assert one.invoke("goes_on") == "answered"
    until = time.monotonic() + 20
    while one.invoke("noted") != "thread":
        assert time.monotonic() < until, "the thread's call did not reach the instance's own worker"
        time.sleep(0.02)


def test_a_deleted_instance_leaves_no_worker(client: Steamship, one: PackageInstance) -> None:
    """Deleting an instance ends its further workers too."""
    numbers = one.invoke("through", route=[one.invocation_url] * 2)
    assert all(runs(number) for number in numbers)
    one.delete()
    ends = time.monotonic() + 10
    while any(runs(number) for number in numbers):
        assert time.monotonic() < ends
        time.sleep(0.01)
