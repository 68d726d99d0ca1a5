"""The page on the `ship` command."""

from __future__ import annotations

from tools.cli_reference import PAGE, reference


def test_page_is_current():
    """docs/reference/cli.md says what the commands say; `python -m tools.cli_reference` writes it."""
    assert PAGE.read_text("utf-8") == reference()
