"""A transcript that a person enjoys reading, and that remembers every wrong answer."""

from __future__ import annotations

import os
import sys
from typing import Any

_BOLD, _DIM, _GREEN, _RED, _BLUE = "1", "2", "32", "31", "34"


class Transcript:
    """Prints headings, what is done, and what came of it; `wrong` holds every answer that was not right."""

    def __init__(self) -> None:
        """Colours are for terminals that want them."""
        self.wrong: list[str] = []
        self._coloured = sys.stdout.isatty() and "NO_COLOR" not in os.environ

    def heading(self, text: str) -> None:
        """The next part of the walk."""
        print(f"\n{self._paint(_BOLD, text)}", flush=True)

    def remark(self, text: str) -> None:
        """A sentence for the reader."""
        print(f"  {self._paint(_DIM, text)}", flush=True)

    def does(self, language: str, code: str) -> None:
        """What is done next, in the language in which it is done."""
        prompt, further = {"python": (">>>", "..."), "shell": ("$", " "), "typescript": ("ts>", "   ")}[
            language
        ]
        for number, line in enumerate(code.splitlines()):
            print(f"  {self._paint(_BLUE, further if number else prompt)} {line}", flush=True)

    def output(self, text: str, most: int = 12) -> None:
        """What a command printed."""
        lines = text.rstrip().splitlines()
        for line in lines[:most]:
            print(f"      {line}", flush=True)
        if len(lines) > most:
            print(f"      {self._paint(_DIM, f'... {len(lines) - most} more lines')}", flush=True)

    def expect(self, what: str, answer: Any, right: bool) -> None:
        """An answer, and whether it is the right one."""
        shown = answer if isinstance(answer, str) else repr(answer)
        if len(shown) > 160:
            shown = f"{shown[:157]}..."
        mark = self._paint(_GREEN, "ok") if right else self._paint(_RED, "WRONG")
        print(f"      {shown}  {mark}", flush=True)
        if not right:
            self.wrong.append(f"{what}: {shown}")

    def close(self) -> int:
        """The verdict, and the exit code."""
        if not self.wrong:
            print(f"\n{self._paint(_GREEN, 'Every answer was right.')}")
            return 0
        print(f"\n{self._paint(_RED, 'Wrong answers:')}")
        for line in self.wrong:
            print(f"  - {line}")
        return 1

    def _paint(self, colour: str, text: str) -> str:
        return f"\x1b[{colour}m{text}\x1b[0m" if self._coloured else text
