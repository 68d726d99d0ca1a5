"""What hostile code reaches in each mode, held against the table, and what must work in every mode."""

from __future__ import annotations

from pathlib import Path

import pytest

from steamship_engine.runtime.layers import CHILD
from tests.acceptance.sandbox.columns import ROOT, Column
from tests.acceptance.sandbox.verdicts import LACKS, OPEN, surprises
from tests.services.tenants import Outcome, Tenants


@pytest.fixture(scope="session")
def outcomes(tenants: Tenants) -> dict[str, Outcome]:
    """What came of every attack."""
    return tenants.attacks()


def test_every_attack_has_its_row(tenants: Tenants) -> None:
    """The package's attacks and the table's rows are the same."""
    assert tenants.attacker.call("names") == sorted(OPEN)


def test_attacks_end_as_the_table_says(column: Column, outcomes: dict[str, Outcome]) -> None:
    """Nothing is open that the table does not admit; what it calls open on every host is so."""
    assert surprises(column, outcomes) == []


def test_nobody_of_the_host_was_reached(
    column: Column, tenants: Tenants, outcomes: dict[str, Outcome]
) -> None:
    """The host's listeners saw exactly those attacks that claim to have reached one."""
    reached = [name for name, outcome in outcomes.items() if outcome["seen"] == "the host"]
    assert len(tenants.listeners.came) == len(reached)
    assert bool(reached) == (column.mode == "none")


def test_whom_it_attacked_is_well(tenants: Tenants, outcomes: dict[str, Outcome]) -> None:
    """Engine, launcher, zygote and sibling are the processes that they were, and the sibling still answers."""
    assert all(Path(f"/proc/{pid}").exists() for pid in tenants.given["pids"].values())
    assert tenants.victim.worker_pid() == tenants.given["pids"]["sibling"]
    assert tenants.victim.call("own")["word"] == tenants.victim_word


def test_the_bundle_is_what_it_was(tenants: Tenants, outcomes: dict[str, Outcome]) -> None:
    """Nothing of the attacker's bundle and environment has another content or another name than the deploy gave it."""
    assert tenants.shared_now() == tenants.shared


def test_what_a_package_may_expect_works(column: Column, tenants: Tenants) -> None:
    """The API, scratch, threads, programs, SQLite, TLS and the like work in every mode, but for what a mode lacks."""
    failed = {}
    for name in tenants.attacker.call("controls"):
        answer = tenants.attacker.try_call("control", name=name)
        if answer.status != 200:
            failed[name] = answer.body
    lacks = set(LACKS.get(column.mode, set()))
    if column.user == ROOT and CHILD.is_relative_to("/tmp"):
        lacks.add("tmp")  # what a package needs lies there, where nobody writes
    assert failed.keys() == lacks, failed
