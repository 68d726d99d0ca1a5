"""docs/tutorial.md, run from its first line to its last against an engine of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.services.pages import ROOT, Block, blocks

PAGE = "docs/tutorial.md"
SERVE = "ship serve\n"
_EXPECTED = re.compile(r"^(?P<code>.*?)  # -> (?P<value>.*)$", re.MULTILINE)
_FILE = re.compile(r"# (\S+)\n")


def test_every_block(home: Path, start_engine: Callable[..., Any]) -> None:
    """Commands, files and Python of the tutorial do what the page says, one after the other."""
    reader = Reader(home, lambda: start_engine(home=home))
    for block in blocks(PAGE):
        reader.follow(block)
    assert reader.compared > 10


class Reader:
    """Somebody at a terminal who follows the page: a folder, variables, a Python prompt."""

    def __init__(self, home: Path, start_engine: Callable[[], Any]) -> None:
        """`start_engine` stands for the other terminal; its port is free, not the page's 8080."""
        self.compared = 0
        self._folder = home
        self._variables = {**os.environ, "HOME": str(home), "NO_COLOR": "1"}
        self._state = home / "shell-state"
        self._start_engine = start_engine
        self._said = ""
        self._names: dict[str, Any] = {"_compare": self._compare}

    def follow(self, block: Block) -> None:
        """Do what the block says."""
        if block.language == "bash":
            self._set_up(block) if "make setup" in block.text else self._run(block)
        elif block.language == "text":
            assert _fits(self._said, block.text), f"line {block.line}: it printed\n{self._said}"
            self.compared += 1
        elif (file := _FILE.match(block.text)) is not None:
            (self._folder / file[1]).write_text(block.text)
        else:
            code = _EXPECTED.sub(r"_compare(\g<code>, \g<value>)", block.text)
            exec(compile(code, f"{PAGE}:{block.line}", "exec"), self._names)

    def _set_up(self, block: Block) -> None:
        """What `make setup` does has a test of its own; whoever runs this one has done it."""
        setup, path = block.text.splitlines()
        subprocess.run([*setup.split(), "--dry-run"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        assert path == 'export PATH="$PWD/.venv/bin:$PATH"'
        self._variables["PATH"] = f"{Path(sys.executable).parent}:{self._variables['PATH']}"

    def _run(self, block: Block) -> None:
        if block.text == SERVE:
            self._start_engine()
            return
        script = f'{block.text}\npwd >"{self._state}.folder"; env -0 >"{self._state}.variables"'
        done = subprocess.run(
            ["bash", "-e", "-c", script],
            check=False,
            cwd=self._folder,
            env=self._variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert done.returncode == 0, f"line {block.line} failed:\n{done.stdout}"
        self._said = done.stdout
        self._folder = Path(Path(f"{self._state}.folder").read_text().strip())
        entries = Path(f"{self._state}.variables").read_text().split("\0")
        self._variables = dict(entry.split("=", 1) for entry in entries if entry)

    def _compare(self, value: object, expected: object) -> None:
        assert value == expected
        self.compared += 1


def _fits(said: str, expected: str) -> bool:
    """Whether the output is the page's, whose `...` stands for anything."""
    pattern = ".*?".join(re.escape(part) for part in expected.strip().split("..."))
    return re.fullmatch(pattern, said.strip(), re.DOTALL) is not None
