"""Takes too much of everything; each method tells what it got where it was not ended for it.

Nothing here is endless: what no limit stops, stops by itself after a few times what the tests allow.
"""

import os
import tempfile

import processes
import storage
import talk
import times

from steamship.invocable import PackageService, post

WAYS = {**processes.WAYS, **storage.WAYS, **talk.WAYS, **times.WAYS}


class Limits(PackageService):
    @post("take")
    def take(self, way: str = "") -> str:
        return str(WAYS[way]())

    @post("pid")
    def pid(self) -> int:
        return os.getpid()

    @post("greet")
    def greet(self, name: str = "you") -> str:
        return f"Hello, {name}!"

    @post("scratch")
    def scratch(self) -> int:
        """How much lies in the scratch folder."""
        return sum(len(files) for _, _, files in os.walk(tempfile.gettempdir()))
