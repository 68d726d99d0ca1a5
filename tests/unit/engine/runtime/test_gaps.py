"""Gaps in a zygote's memory: what is made after they were filled lies side by side."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import steamship_engine

_CHILD = Path(steamship_engine.__file__).parent / "runtime" / "child"
_CODE = """
import sys
sys.path.insert(0, sys.argv[1])
import gaps
pages = lambda made: len({id(one) >> 12 for one in made})
held = [[bytes(size) for _ in range(20_000)] for size in (40, 100, 300)]
for some in held:
    del some[::50]
scattered = [bytes(100) for _ in range(40)]
gaps.fill()
print(pages(scattered), *(pages([bytes(size) for _ in range(40)]) for size in (40, 100, 300)))
"""


def test_what_comes_after_lies_side_by_side() -> None:
    """Forty objects that would lie in as many pages lie in a few, of whatever size they are."""
    command = [sys.executable, "-I", "-c", _CODE, str(_CHILD)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    scattered, *after = map(int, done.stdout.split())
    assert scattered > 20
    assert all(pages <= 4 for pages in after), after
