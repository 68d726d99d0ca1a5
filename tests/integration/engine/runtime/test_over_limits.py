"""A worker that takes more than its version may: what its caller is told, and what becomes of it."""

from __future__ import annotations

from typing import Any

import pytest

from steamship_engine.model.errors import PackageCrashedError, PackageError, PackageMemoryError
from steamship_engine.model.limits import MIB
from steamship_engine.model.states import StopReason
from steamship_engine.runtime.port import RefusedBy
from tests.services.runtimes import Bench


@pytest.mark.parametrize(
    ("limits", "path", "arguments", "error", "reason"),
    [
        (
            {"memory": 96 * MIB},
            "/memory_of_children",
            {"megabytes": 40, "children": 4},
            PackageMemoryError,
            StopReason.OVER_MEMORY,
        ),
        ({"processes": 8}, "/processes", {"count": 20}, PackageCrashedError, StopReason.OVER_PROCESSES),
        ({"scratch": 20 * MIB}, "/scratch", {"megabytes": 60}, PackageCrashedError, StopReason.OVER_SCRATCH),
    ],
)
def test_a_worker_over_its_limit_is_ended(
    tiny: Any,
    limits: dict[str, int],
    path: str,
    arguments: dict[str, int],
    error: type[PackageError],
    reason: StopReason,
) -> None:
    """Its call fails with words that name the limit, it and the trail are told why it was stopped, and the next call gets a fresh one."""

    async def work(bench: Bench) -> None:
        hoards = await bench.instance("hoards", **limits)
        with pytest.raises(error, match="than its version may"):
            await bench.call(hoards, path, **arguments)
        await bench.until(lambda: bench.runtime.stats().stopped == {reason: 1})
        (last,) = bench.runtime.workers(hoards.instance_id)
        assert (last.state, last.reason) == ("stopped", reason)
        assert "than its version may" in (last.detail or "")
        (told,) = bench.refused
        assert (told.by, told.why) == (RefusedBy.SANDBOX, f"over-{reason.value.removeprefix('over').lower()}")
        assert (told.instance, told.request_id) == (hoards, "R-1")
        assert (await bench.call(hoards, "/memory")).text == "done"

    tiny(work)
