"""Packages on the original SDK that call packages, driven by the original client."""

from __future__ import annotations

import pytest

from tests.services.deploying import Deploy
from tests.services.original_client import Original


@pytest.fixture(scope="module")
def nests(deploy: Deploy) -> None:
    """The package `original-nests`, deployed."""
    deploy("original-nests", "original_nests", version="1.0.0")


def test_back_to_the_first(original: Original, nests: None) -> None:
    """One -> two -> one -> two by the SDK and by plain HTTP is answered, each time by another process."""
    found = original("""
        client = Steamship(workspace="original-nests")
        one, two = (client.use("original-nests", handle) for handle in ("one", "two"))
        urls = [two.invocation_url, one.invocation_url, two.invocation_url]
        result = [one.invoke("by_use", handles=["two", "one", "two"]), one.invoke("through", route=urls)]
    """)
    assert [len(set(pids)) for pids in found] == [4, 4]


def test_an_instance_waits_for_its_own(original: Original, nests: None) -> None:
    """A handler that waits for tasks of its own instance, and one that fetches its own address, are answered."""
    found = original("""
        client = Steamship(workspace="original-nests")
        one = client.use("original-nests", "one")
        result = [one.invoke("by_task", depth=2), one.invoke("fetches_itself")]
    """)
    assert len(set(found[0])) == 3
    assert found[1] == "open"
