"""Which tests run in one process where several share the work: those that would each prepare the same at length."""

from __future__ import annotations

import re

import pytest
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

_SHARED = (
    # An engine in a mode, as a user, with its tenants: all files that have that column.
    re.compile(r"^(tests/acceptance/sandbox)/\w+\.py::\w+\[((?:full|no-cgroup|landlock|none)/\w+)"),
    # A package's deploy in one form: all clients that call it.
    re.compile(r"^(tests/acceptance/original/test_packages)\.py::test_package\[\w+-([\w-]+)\]"),
)


class TogetherScheduling(LoadScopeScheduling):
    """Hands out such tests as one piece of work, the larger pieces first, and every other test alone."""

    def _split_scope(self, nodeid: str) -> str:
        return together(nodeid)


def together(nodeid: str) -> str:
    """The name of the work that a test shares, else the test's own."""
    for shared in _SHARED:
        if (found := shared.match(nodeid)) is not None:
            return " ".join(found.groups())
    return nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> TogetherScheduling | None:
    """With `-n`, and unless `--dist` says another way."""
    return TogetherScheduling(config, log) if config.getoption("dist") == "load" else None
