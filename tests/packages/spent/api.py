"""Runs out of memory, one call at a time."""

import os

from steamship.invocable import PackageService, post


class Spent(PackageService):
    """A method that fails as one does without memory, and one that tells which process it runs in."""

    @post("hungry")
    def hungry(self):
        raise MemoryError("no bytes left")

    @post("process")
    def process(self) -> str:
        return str(os.getpid())
