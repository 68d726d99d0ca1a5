"""What callers do with the packages of tests/packages/original, and what comes of it: one module a package."""

from __future__ import annotations

from tests.acceptance.original.scripts import (
    answers,
    archive,
    bakery,
    doorbell,
    notebook,
    relay,
    studio,
    tour,
    translator,
    trouble,
)
from tests.acceptance.original.scripts.differences import OPTIONAL_LIST
from tests.services.package_scripts import Difference, Step, differences

SCRIPTS: dict[str, tuple[Step, ...]] = {
    "translator": translator.SCRIPT,
    "bakery": bakery.SCRIPT,
    "notebook": notebook.SCRIPT,
    "archive": archive.SCRIPT,
    "doorbell": doorbell.SCRIPT,
    "studio": studio.SCRIPT,
    "relay": relay.SCRIPT,
    "tour": tour.SCRIPT,
    "trouble": trouble.SCRIPT,
    "answers": answers.SCRIPT,
}

DIFFERENCES: list[Difference] = [*differences(SCRIPTS), OPTIONAL_LIST]
