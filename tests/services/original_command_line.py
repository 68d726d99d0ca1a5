"""The original `ship`, on a terminal, with a browser that only notes what it was to open."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx

from tests.services.engine import EngineProcess
from tests.services.terminal import Terminal

_BROWSER = '#!/bin/sh\nprintf %s "$1" > "$HOME/opening" && mv "$HOME/opening" "$HOME/opened"\n'
_PATIENCE_S = 60


class OriginalCommandLine:
    """Commands of one person, whose home is `home`; they work in `folder`."""

    def __init__(self, python: Path, engine: EngineProcess, home: Path, folder: Path) -> None:
        self.folder = folder
        self._home = home
        self._ship = python.with_name("ship")
        browser = home / "browser"
        browser.write_text(_BROWSER)
        browser.chmod(0o755)
        self._environ = {
            "HOME": str(home),
            "PATH": "/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "BROWSER": f"{browser} %s",
            "STEAMSHIP_API_BASE": engine.api_base,
            "STEAMSHIP_APP_BASE": engine.app_base,
            "STEAMSHIP_WEB_BASE": engine.web_base,
        }

    def become(self, key: str) -> None:
        """Have a key stored, as its login stores it."""
        (self._home / ".steamship.json").write_text(json.dumps({"apiKey": key}))

    @property
    def key(self) -> str:
        """The key that is stored."""
        stored: dict[str, str] = json.loads((self._home / ".steamship.json").read_text())
        return stored["apiKey"]

    def start(self, *words: str) -> Terminal:
        """Start `ship` on a terminal."""
        return Terminal([self._ship, *words], self._environ, self.folder)

    def done(self, *words: str) -> str:
        """Run `ship`, which must succeed; what it shows."""
        with self.start(*words) as terminal:
            assert terminal.end() == 0, terminal.shown
            return terminal.shown

    def opened(self) -> str:
        """The address that the browser was given, once it was."""
        note = self._home / "opened"
        _until(note.exists, "the browser was not opened")
        return note.read_text()


def answer(terminal: Terminal, *answers: tuple[str, str]) -> None:
    """Give each answer once its question is shown; a question is a part of it, colours aside."""
    for question, text in answers:
        terminal.until(question)
        terminal.until(": ")
        terminal.type(f"{text}\n")


def approve(address: str, key: str) -> httpx.Response:
    """Fill in the approve page at `address` as a person in a browser does."""
    form: dict[str, Any] = dict(parse_qsl(urlsplit(address).query))
    return httpx.post(address, data={**form, "key": key}, trust_env=False)


def _until(holds: Callable[[], bool], otherwise: str) -> None:
    ends = time.monotonic() + _PATIENCE_S
    while not holds():
        assert time.monotonic() < ends, otherwise
        time.sleep(0.02)
