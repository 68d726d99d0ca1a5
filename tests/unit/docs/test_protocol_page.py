"""docs/reference/protocol.md says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from steamship_engine.api.table import OPERATIONS
from steamship_engine.model.states import StopReason, WorkerState
from tests.services.pages import ROOT, code, page, rows, section
from tools.check_docs import anchors

PAGE = "docs/reference/protocol.md"
_REFERENCE = re.compile(r"docs/[\w/-]+\.md#[\w-]+")


def test_every_operation_stands_in_the_table() -> None:
    """The page's table has every operation with its verbs, its keys, its tasks and its summary."""
    told = [[cell.strip("`") for cell in row] for row in rows(section(PAGE, "## Operations"))]
    assert told == [
        [
            operation.path,
            ", ".join(operation.verbs),
            operation.who.value,
            "yes" if operation.always_task else "if asked" if operation.changes else "no",
            operation.summary,
        ]
        for operation in OPERATIONS
    ]


def test_every_reason_stands_there() -> None:
    """The page names every state of a worker, and explains every reason why one was stopped."""
    text = section(PAGE, "### Workers")
    told = [reason for row in rows(text) for reason in code(row[0])]
    assert sorted(told) == sorted(StopReason)
    assert set(WorkerState) <= set(code(text))


def test_references_lead_to_headings() -> None:
    """Every `docs/...md#heading` that the code names is there."""
    broken = [
        f"{path.relative_to(ROOT)}: {reference}"
        for room in ("engine/src", "sdk/python/src", "tools")
        for path in sorted((ROOT / room).rglob("*.py"))
        for reference in _REFERENCE.findall(path.read_text())
        if not _leads(reference)
    ]
    assert broken == []


def _leads(reference: str) -> bool:
    name, _, anchor = reference.partition("#")
    return Path(ROOT / name).is_file() and anchor in anchors(page(name))
