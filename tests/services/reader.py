"""Somebody at a terminal who follows one of the project's pages."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.services.pages import ROOT, Block

SERVE = "ship serve\n"
_EXPECTED = re.compile(r"^(?P<code>.*?)  # -> (?P<value>.*)$", re.MULTILINE)
_FILE = re.compile(r"# (\S+)\n")
_MAKE = re.compile(r"^make ", re.MULTILINE)


class Reader:
    """A folder (at first the repository's), variables, a Python prompt; `compared` counts what was compared.

    `bash` blocks are run, and `text` after one is what it prints, `...` standing for anything. Python that begins
    with a file's name is written there, other Python is run, a value beside `# ->` compared. What `make` does has
    tests of its own: here the verbs are only looked up.
    """

    def __init__(self, page: str, home: Path, start_engine: Callable[[], Any]) -> None:
        """`start_engine` stands for `ship serve` in another terminal; its port is free, not the page's 8080."""
        self.compared = 0
        self._page = page
        self._folder = ROOT
        self._variables = {**os.environ, "HOME": str(home), "NO_COLOR": "1"}
        self._state = home / "shell-state"
        self._start_engine = start_engine
        self._said = ""
        self._names: dict[str, Any] = {"_compare": self._compare}

    def follow(self, block: Block) -> None:
        """Do what a block of the page says."""
        if block.language == "bash":
            self._run(block)
        elif block.language == "text":
            assert _fits(self._said, block.text), f"line {block.line}: it printed\n{self._said}"
            self.compared += 1
        elif (file := _FILE.match(block.text)) is not None:
            (self._folder / file[1]).write_text(block.text)
        else:
            code = _EXPECTED.sub(r"_compare(\g<code>, \g<value>)", block.text)
            exec(compile(code, f"{self._page}:{block.line}", "exec"), self._names)

    def _run(self, block: Block) -> None:
        if block.text == SERVE:
            self._start_engine()
            return
        commands = _MAKE.sub("make --dry-run ", block.text)
        script = f'{commands}\npwd >"{self._state}.folder"; env -0 >"{self._state}.variables"'
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
