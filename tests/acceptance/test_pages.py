"""The pages that a newcomer follows, followed as they stand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.services.pages import blocks
from tests.services.reader import Reader


def test_the_readme(home: Path, start_engine: Callable[..., Any]) -> None:
    """The README's commands deploy the greeter, use it and call it, and its Python then does what it says."""
    reader = Reader("README.md", home, lambda: start_engine(home=home))
    api, use, *commands = blocks("README.md")
    assert "PackageService" in api.text
    for block in commands:
        reader.follow(block)
    reader.follow(use)
    assert reader.compared == 2


def test_the_tutorial(home: Path, start_engine: Callable[..., Any]) -> None:
    """Commands, files and Python of docs/tutorial.md do what the page says, one after the other."""
    reader = Reader("docs/tutorial.md", home, lambda: start_engine(home=home))
    for block in blocks("docs/tutorial.md"):
        reader.follow(block)
    assert reader.compared > 10
