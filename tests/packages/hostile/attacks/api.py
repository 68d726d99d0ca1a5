"""Tries to get out: one attack a call, and beside them what a package may rightly expect to work."""

import os
import sys
import tempfile

from pydantic import SecretStr

import attacks
import controls
from attacks import traces
from steamship.invocable import Config, PackageService, post


class AttacksConfig(Config):
    word: SecretStr = ""


class Attacks(PackageService):
    config: AttacksConfig

    @classmethod
    def config_cls(cls):
        return AttacksConfig

    @post("names")
    def names(self) -> list[str]:
        return sorted(attacks.ATTACKS)

    @post("attack")
    def attack(self, name: str = "", given: dict = None) -> dict:
        return attacks.run(name, given or {})

    @post("control")
    def control(self, name: str = "") -> str:
        """What the control found; one that does not work raises."""
        return str(controls.CONTROLS[name](self))

    @post("controls")
    def controls(self) -> list[str]:
        return sorted(controls.CONTROLS)

    @post("note")
    def note(self, text: str = "") -> str:
        """Keep the text in memory and in a scratch file; the file's path."""
        self.kept = text
        path = os.path.join(tempfile.gettempdir(), "note.txt")
        with open(path, "w") as file:
            file.write(text)
        return path

    @post("leave")
    def leave(self, name: str = "", text: str = "") -> str:
        """Leave a word where a sibling may find it; it is removed when the worker ends, or by `remove`."""
        return str(traces.leave(name, text))

    @post("remove")
    def remove(self, name: str = "") -> str:
        return str(traces.remove(name))

    @post("own")
    def own(self) -> dict:
        """What it knows of itself, its secret among it."""
        return {
            "pid": os.getpid(),
            "uid": os.getuid(),
            "word": self.config.word.get_secret_value(),
            "prefix": sys.prefix,
            "code": os.path.dirname(os.path.abspath(__file__)),
        }
