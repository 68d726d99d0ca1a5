"""docs/reference/writing-packages.md shows packages that a deploy takes."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import ModuleType

import pytest

from steamship.invocable.serving import describe, find_class
from steamship_engine.model import limits, version_limits
from steamship_engine.model.version_limits import CAPS, Limit, VersionLimits
from tests.services.pages import Block, blocks, page, rows, section

PAGE = "docs/reference/writing-packages.md"
_EXAMPLES = [block for block in blocks(PAGE) if block.language == "python"]


@pytest.fixture
def api_module() -> Iterator[ModuleType]:
    """An empty module `api`, in the place where a worker would have it."""
    module = ModuleType("api")
    sys.modules["api"] = module
    yield module
    del sys.modules["api"]


@pytest.mark.parametrize("example", _EXAMPLES, ids=lambda block: f"line {block.line}")
def test_examples_can_be_deployed(example: Block, api_module: ModuleType) -> None:
    """Each Python block defines one package class that a deploy describes without a remark."""
    exec(compile(example.text, f"{PAGE}:{example.line}", "exec"), vars(api_module))
    described = describe(find_class(api_module))
    own = [method["path"] for method in described["spec"]["methods"] if not method["path"].startswith("/__")]
    assert own
    assert described["notes"] == []


def test_limits_stand_there() -> None:
    """The page's numbers are those of the code."""
    text = " ".join(page(PAGE).split())
    assert f"at most {limits.BUNDLE.packed // limits.MIB} MiB zipped" in text
    assert f"{limits.BUNDLE.inflated // limits.GIB} GiB and {limits.BUNDLE.entries:,} files unzipped" in text
    assert f"sleeps after {limits.RUNTIME.idle} s without a call" in text


def test_every_limit_stands_there() -> None:
    """The table of limits has each with its default and cap."""
    told = [[cell.strip("`") for cell in (row[0], *row[2:])] for row in rows(section(PAGE, "#### Limits"))]
    assert told == [
        [limit.name, _shown(limit, VersionLimits()), _shown(limit, CAPS)] for limit in version_limits.LIMITS
    ]


def _shown(limit: Limit, limits: VersionLimits) -> str:
    value = getattr(limits, limit.name)
    return "the class decides" if value is None else limit.shown(value)
