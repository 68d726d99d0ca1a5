"""Other instances while one takes too much."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from tests.acceptance.sandbox.columns import Column
from tests.acceptance.sandbox.test_limits import TIMES, WAYS, _tenant
from tests.packages import bundle
from tests.services.tenants import Tenant, Tenants

_ENOUGH = 200
_REST_S = 0.05
"""Between two attacks: how many calls a second a user may have is another matter than what one of them may take."""


@pytest.fixture(scope="session")
def greedy(tenants: Tenants) -> Iterator[Tenant]:
    """A user's instance that takes too much, with a quarter of a processor. Its calls may take five seconds."""
    yield from _tenant(tenants, "neighbour-greedy", 5, cpu=0.25)


@pytest.fixture(scope="session")
def neighbour(tenants: Tenants) -> Iterator[Tenant]:
    """Another user's instance, which greets."""
    tenant = Tenant(tenants.engine.api_base, tenants.engine.key)
    tenant.api.deploy("neighbour", bundle("greeter", {"requirements.txt": ""}), version="1.0.0", public=False)
    tenant.use("neighbour", "neighbour")
    tenant.call("greet")
    yield tenant
    tenant.close()


def _greeted(neighbour: Tenant, done: Callable[[], bool]) -> list[float]:
    """Greet until it is done, often enough for a percentile; how long each took, in seconds. One that fails fails the test."""
    took = []
    while not done() or len(took) < _ENOUGH:
        begun = time.perf_counter()
        assert neighbour.call("greet", name="you") == "Hello, you!"
        took.append(time.perf_counter() - begun)
    return took


def _beside(greedy: Tenant, neighbour: Tenant, way: str) -> list[float]:
    """Greetings while the other instance takes too much in this way, again and again."""
    once, over = threading.Event(), threading.Event()

    def attack() -> None:
        while not over.wait(_REST_S):
            greedy.try_call("take", way=way)
            once.set()

    attacker = threading.Thread(target=attack)
    attacker.start()
    try:
        return _greeted(neighbour, once.is_set)
    finally:
        over.set()
        attacker.join()


@pytest.mark.parametrize("way", ["heap", "fork_bomb", "many_files", "log_flood", "loops_of_children"])
def test_neighbours_are_answered(greedy: Tenant, neighbour: Tenant, way: str) -> None:
    """While an instance takes too much, every call of another one succeeds."""
    assert len(_beside(greedy, neighbour, way)) >= _ENOUGH


@pytest.mark.slow
@pytest.mark.parametrize("way", [*WAYS, *TIMES])
def test_neighbours_hardly_notice(column: Column, greedy: Tenant, neighbour: Tenant, way: str) -> None:
    """Their 95th percentile stays within twice what it is beside an idle instance, where a control group holds processor time."""
    greedy.call("greet")
    idle = _p95(_greeted(neighbour, lambda: True))
    beside = _p95(_beside(greedy, neighbour, way))
    most = 2 if column.mode == "full" else 8
    assert beside <= most * idle, f"{beside * 1000:.2f} ms beside {way}, {idle * 1000:.2f} ms beside nothing"


def _p95(took: list[float]) -> float:
    return statistics.quantiles(took, n=20)[-1]
