"""The installed `ship`, with a home folder of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.services.engine import EngineProcess
from tests.services.terminal import Terminal

SHIP = Path(sys.executable).with_name("ship")


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        """What it printed, as JSON."""
        return json.loads(self.out)


class CommandLine:
    """Commands of one person, whose home is `home`; they work in `folder`."""

    def __init__(self, home: Path, folder: Path) -> None:
        self.home, self.folder = home, folder

    @property
    def environ(self) -> dict[str, str]:
        """This process's environment without settings, with that home."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("STEAMSHIP_")}
        return kept | {"HOME": str(self.home)}

    def tried(self, *words: str | Path, stdin: str | bytes = "") -> Done:
        """Run `ship` to its end, whatever that is."""
        done = subprocess.run(
            [SHIP, *words],
            check=False,
            input=stdin.encode() if isinstance(stdin, str) else stdin,
            capture_output=True,
            cwd=self.folder,
            env=self.environ,
            timeout=100,
        )
        return Done(done.returncode, done.stdout.decode("utf-8", "surrogateescape"), done.stderr.decode())

    def done(self, *words: str | Path, stdin: str | bytes = "") -> Done:
        """Run `ship`, which must succeed."""
        done = self.tried(*words, stdin=stdin)
        assert done.code == 0, done.out + done.err
        return done

    def on_terminal(self, *words: str | Path) -> Terminal:
        """Start `ship` on a terminal."""
        return Terminal([SHIP, *words], self.environ, self.folder)

    def become(self, engine: EngineProcess, key: str) -> None:
        """Have the key of a user stored, as `ship login` stores it."""
        stored = {
            "apiKey": key,
            "apiBase": engine.api_base,
            "appBase": engine.app_base,
            "webBase": engine.web_base,
        }
        (self.home / ".steamship.json").write_text(json.dumps(stored))
