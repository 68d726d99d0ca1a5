"""docs/audit.md says what the audit trail tells."""

from __future__ import annotations

from steamship_engine.model.audit import MEANINGS, AuditActorKind
from steamship_engine.model.limits import AUDIT
from tests.services.pages import code, page, rows, section

PAGE = "docs/audit.md"


def test_every_kind_stands_in_the_table() -> None:
    """The table has each kind with its meaning, in the code's words, and no other."""
    told = {row[0].strip("`"): row[1] for row in rows(section(PAGE, "## What stands in a line"))}
    assert told == {kind.value: meaning for kind, meaning in MEANINGS.items()}


def test_every_actor_stands_there() -> None:
    """The page names whoever can be the cause of a line."""
    assert {kind.value for kind in AuditActorKind} <= set(code(section(PAGE, "## What stands in a line")))


def test_the_bounds_stand_there() -> None:
    """How many refusals are told apart is what the code says."""
    assert AUDIT.window == 60
    assert f"{AUDIT.source} different ones are told apart in a minute" in page(PAGE)
    assert f"of all strangers together {AUDIT.all}" in page(PAGE)
