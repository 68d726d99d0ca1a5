"""docs/reference/configuration.md says what the SDK does."""

from __future__ import annotations

import json

from steamship.base.config_sources import DEFAULT_BASES, FIELDS
from tests.services.pages import blocks, rows, section

PAGE = "docs/reference/configuration.md"


def test_every_field_stands_in_the_table() -> None:
    """The table has every field with its name in the file, in the environment and in Python."""
    told = [[cell.strip("`") for cell in row[:3]] for row in rows(section(PAGE, "## What a client needs"))]
    fields = [[wire, f"STEAMSHIP_{name.upper()}", name] for name, wire in FIELDS.items()]
    assert told == [*fields, ["", "STEAMSHIP_PROFILE", "profile"]]


def test_default_bases_stand_in_the_table() -> None:
    """The table's defaults of the three bases are the SDK's."""
    table = rows(section(PAGE, "## What a client needs"))
    told = {row[2].strip("`"): row[4].strip("`") for row in table}
    assert {name: told[name] for name in DEFAULT_BASES} == DEFAULT_BASES


def test_the_files_example_has_known_fields_only() -> None:
    """The example of the file is JSON, and its fields are those that clients read."""
    (example,) = [block for block in blocks(PAGE) if block.language == "json"]
    content = json.loads(example.text)
    profiles = content.pop("profiles")
    assert {*content, *(name for profile in profiles.values() for name in profile)} <= set(FIELDS.values())
